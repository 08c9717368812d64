"""What the connector costs beside what one would use instead: time, memory and use of the quota (`make bench`)."""

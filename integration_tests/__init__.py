"""Whole processes over real pipes and real HTTP. A package, so that the test folders share the modules beside this."""

"""What room 3 needs of room 4's client."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from destination_pinterest.api.models import Audience, CustomerList
from destination_pinterest.vocabulary import Identifier, Operation


class Pinterest(Protocol):
    """What room 3 needs of the client."""

    def audiences(self) -> Iterator[Audience]:
        """Every audience of the ad account."""

    def audience(self, audience_id: str) -> Audience:
        """One audience."""

    def customer_lists(self) -> Iterator[CustomerList]:
        """Every customer list of the ad account."""

    def customer_list(self, customer_list_id: str) -> CustomerList:
        """One customer list."""

    def create_customer_list(self, name: str, records: str, list_type: Identifier) -> CustomerList:
        """A new customer list with its first people; never repeated blindly."""

    def update_customer_list(
        self, customer_list_id: str, operation: Operation, records: str, identifiers: int
    ) -> CustomerList:
        """Adds people to a list or removes them."""

    def update_audience(self, audience_id: str, *, customer_list_id: str) -> Audience:
        """Makes an audience of another customer list."""

    def create_audience(self, name: str, customer_list_id: str, description: str) -> Audience:
        """A new audience of a customer list's people; never repeated blindly."""

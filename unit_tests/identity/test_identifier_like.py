from __future__ import annotations

import base64
import hashlib

import pytest

from destination_pinterest.identity.identifier_like import looks_like_an_identifier, names_a_person

SHA256 = hashlib.sha256(b"ada@example.com")
MD5 = hashlib.md5(b"ada@example.com", usedforsecurity=False)
IDFA = "38400000-8CF0-11BD-B23E-10B96E40000D"


@pytest.mark.parametrize(
    "text",
    [
        "ada@example.com",
        " Ada Lovelace <ada@example.com> ",
        "mailto:ada@example.com",
        "ada%40example.com",
        "ada\uff20example.com",
        "list of ada@example.com",
        "ada @ example.com",
        "ada (at) example.com",
        "ada[at]example[dot]com",
        "ada%2540example.com",
        "ada&#64;example.com",
        "ada\\u0040example.com",
        "203.0.113.7",
        "call 555-010-0199 now",
        "+\u0664\u0669\u0661\u0665\u0661\u0661\u0662\u0663\u0664\u0665\u0666",
        IDFA.replace("-", "_"),
        IDFA.replace("-", "\u2013"),
        IDFA.replace("-", "\u200b-"),
        IDFA,
        f"{{{IDFA}}}",
        f"device {IDFA.lower()}",
        SHA256.hexdigest(),
        SHA256.hexdigest().upper(),
        f"sha256:{SHA256.hexdigest()}",
        f"0x{MD5.hexdigest()}",
        f"people like {MD5.hexdigest()}",
        base64.b64encode(SHA256.digest()).decode(),
        base64.urlsafe_b64encode(MD5.digest()).decode().rstrip("="),
        "+49 170 1234567",
        "+15550100199",
        "tel:+1-555-010-0199",
        "(555) 010-0199",
        "0049170/1234567",
        "4917012345678",
        "call +49 170 1234567 first",
        f"Xi1234{'aB3' * 15}",
    ],
)
def test_what_looks_like_an_identifier_of_a_person_is_told(text: str) -> None:
    assert looks_like_an_identifier(text)


@pytest.mark.parametrize(
    "text",
    [
        *("VIP", "VIP @ home", "@shop", "Kunden Süd", "新規顧客", "a & b", "50 % off", "v2.1"),
        *("10023", "2024", "2024-01-01", "2019-2020", "01.02.2024 - 01.03.2024", "20240101", "18-25", "1.000 - 5.000"),
        *("HighValueCustomersFallA", "returning_customers_DE_2024", "cafe", "decade", "Spring (2024)"),
        *("Kunden (AT) Premium", "v1.2.3", "2024-10-01 - 2024-12-31", "\u0662\u0660\u0662\u0664"),
    ],
)
def test_what_names_a_group_is_none(text: str) -> None:
    assert not looks_like_an_identifier(text)


@pytest.mark.parametrize(
    "column", ["email", "Email_SHA256", "gaid", "phone", "Phone Number", "customerId", "first_name", "ip_address"]
)
def test_a_column_that_identifies_people_is_told_by_its_name(column: str) -> None:
    assert names_a_person(column)


@pytest.mark.parametrize(
    "column", ["segment", "country", "customer_segment", "phone_type", "store_id", "name", "audience", "product name"]
)
def test_a_column_of_groups_is_none(column: str) -> None:
    assert not names_a_person(column)

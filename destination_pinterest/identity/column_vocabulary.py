"""The words of column names: whose value a column has, which of several, and how it is written.

A name is recognised only if every word of it is known here. Any other word (`status`, `sent`, `owner`, `renewals`) may
make it another thing or another person's, which only its values can tell.

Source: headers of exports and templates, which unit_tests/identity/vendor_headers.py lists with the columns that are
    meant.
"""

from __future__ import annotations

from typing import Final

EMAIL_WORDS: Final = frozenset(
    {
        *("email", "emails", "hem", "courriel", "epost", "eposta", "correo", "sahkoposti", "mailadresse"),
        *("mailadres", "\u30e1\u30fc\u30eb", "\u30e1\u30fc\u30eb\u30a2\u30c9\u30ec\u30b9"),
        *("\u7535\u5b50\u90ae\u4ef6", "\u7535\u5b50\u90ae\u7bb1", "\u90ae\u7bb1"),
        *("\u96fb\u5b50\u90f5\u4ef6", "\uc774\uba54\uc77c"),
    }
)
"""Each means an e-mail address."""

HASH_WORDS: Final = frozenset({"hash", "hashed", "hashes", "hem"})
HASH_ALGORITHMS: Final = frozenset({"sha256", "sha1", "md5"})

PERSON: Final = frozenset(
    {
        *("user", "users", "customer", "customers", "cust", "client", "clients", "contact", "contacts", "person"),
        *("people", "persona", "profile", "member", "members", "subscriber", "subscribers", "lead", "leads"),
        *("prospect", "account", "acct", "consumer", "shopper", "buyer", "purchaser", "guest", "visitor", "attendee"),
        *("participant", "registrant", "applicant", "candidate", "student", "patient", "donor", "patron", "player"),
        *("passenger", "traveler", "traveller", "tenant", "learner", "payer", "cardholder", "constituent"),
        *("respondent", "individual", "party", "supporter", "fan", "reader", "viewer", "kunde", "kunden", "cliente"),
        *("utilisateur", "diner", "backer", "invitee"),
    }
)
"""Whom a row is about."""

PLACE: Final = frozenset(
    {
        *("work", "home", "personal", "private", "business", "office", "corporate", "professional", "school"),
        *("billing", "bill", "shipping", "delivery", "invoice", "invoicing", "checkout", "payment", "receipt"),
        *("primary", "secondary", "tertiary", "main", "default", "preferred", "best", "alternate", "alternative"),
        *("alt", "other", "additional", "backup", "second", "third", "fourth", "fifth", "all", "current", "latest"),
        *("geschaftlich", "privat", "recovery"),
    }
)
"""Which of a person's addresses it is."""

SPELLING: Final = frozenset(
    {
        *("value", "values", "raw", "clean", "cleaned", "cleansed", "plain", "cleartext", "plaintext", "normalized"),
        *("normalised", "standardized", "standardised", "canonical", "trimmed", "lower", "lowercase", "lowercased"),
        *("lc", "standard", "hex", "base64", "c", "pc", "of", "for", "address", "addresses", "addr", "adr"),
        *("adresse", "adres", "adress", "direccion", "indirizzo", "endereco", "electronico", "electronique"),
        *("elettronico", "eletronico", "string", "str", "txt", "metadata", "de", "do", "da", "del", "du", "des"),
        *("von", "van"),
    }
)
"""How it is written and stored."""

PRODUCT: Final = frozenset(
    {
        *("hs", "hubspot", "shopify", "stripe", "klaviyo", "mailchimp", "salesforce", "sfdc", "sf", "braze"),
        *("segment", "amplitude", "mixpanel", "intercom", "marketo", "mkto", "pardot", "google", "facebook", "fb"),
        *("meta", "linkedin", "tiktok", "snapchat", "twitter", "apple", "pipedrive", "wix", "magento", "woocommerce"),
        *("bigcommerce", "activecampaign", "iterable", "sendgrid", "customerio", "appsflyer", "adjust", "liveramp"),
        *("kochava", "singular", "outlook", "zoho", "eloqua", "netsuite", "firebase", "mparticle", "rudderstack"),
        *("ga", "crm", "moengage", "clevertap", "paypal", "square", "recharge", "zendesk", "freshworks"),
        *("sap", "erp"),
    }
)
"""Where it comes from, as prefixes say."""

SHELL: Final = frozenset(
    {
        *("properties", "property", "props", "prop", "traits", "trait", "attributes", "attribute", "attrs", "attr"),
        *("data", "fields", "field", "record", "context", "payload", "details", "info", "identity", "identities"),
        *("match", "keys", "external", "fact", "dim", "column", "col", "item", "items", "the", "or", "and", "order"),
        *("orders", "login", "signin", "signup", "registration", "registered", "app", "web", "event", "identifiers"),
        *("set", "custom"),
    }
)
"""What it is in. After the address these words mean something else: `email_order` sorts, `email_event` is no person."""

DEVICE: Final = frozenset(
    {
        *("id", "device", "devices", "mobile", "android", "ios", "iphone", "event", "install", "branch", "upper"),
    }
)
"""What may stand beside an advertising ID."""

QUESTION: Final = frozenset({"what", "s", "is", "your", "please", "enter", "provide"})
"""Forms are headed by their questions; `is` alone is a flag, so these count only together with `your`."""

BEFORE: Final = PERSON | PLACE | SPELLING | PRODUCT | SHELL
"""What may stand before the identifier."""

AFTER: Final = (
    PLACE
    | SPELLING
    | (PRODUCT - {"segment", "square", "meta", "adjust"})
    | {
        "user",
        "users",
        "customer",
        "customers",
        "cust",
        "contact",
        "contacts",
        "person",
        "people",
        "guest",
        "buyer",
        "kunde",
        "cliente",
        "utilisateur",
    }
)
"""What may stand after it. `email_client` is a program and `email_segment` a group."""

SOMEBODY_ELSE: Final = frozenset(
    {
        *("owner", "owners", "rep", "reps", "representative", "agent", "manager", "supervisor", "assignee"),
        *("assigned", "csr", "csm", "executive", "exec", "sales", "salesperson", "seller", "vendor", "supplier"),
        *("merchant", "partner", "affiliate", "reseller", "dealer", "distributor", "broker", "advisor", "adviser"),
        *("consultant", "referrer", "referer", "referral", "referred", "inviter", "invited", "sender", "sent"),
        *("from", "reply", "cc", "bcc", "to", "forward", "forwarding", "emergency", "kin", "parent", "parents"),
        *("guardian", "mother", "father", "spouse", "husband", "wife", "child", "friend", "family", "created"),
        *("creator", "updated", "modified", "edited", "editor", "author", "approved", "approver", "by", "reviewer"),
        *("staff", "employee", "employees", "operator", "admin", "administrator", "support", "helpdesk"),
        *("technician", "engineer", "teacher", "instructor", "tutor", "coach", "trainer", "doctor", "physician"),
        *("provider", "host", "organizer", "organiser", "landlord", "driver", "courier", "recruiter", "interviewer"),
        *("assistant", "secretary", "boss", "lawyer", "attorney", "sponsor", "store", "shop", "recommended"),
        *("introduced", "beneficiary", "nominee", "gift", "giftee", "noreply"),
    }
)
"""Whom a row is not about."""

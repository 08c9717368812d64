"""Headers of real exports, templates and warehouse tables: for each, all columns, and those that are its people.

Source: help pages and public code of the vendors (read 2026-11-27); long headers are shortened to what could be
mistaken. Columns are separated by `|`.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Header(NamedTuple):
    """A vendor's columns, and the names of those that identify the row's person."""

    vendor: str
    columns: str
    used: str


HEADERS: Final = (
    Header("plain table", "id|email|name|created_at", "email"),
    # Advertising platforms' own templates.
    Header(
        "Google Customer Match, as the command line reads it",
        "Email|First Name|Last Name|Country|Zip|Email 2|Zip 2|Phone|Phone 2",
        "Email|Email 2",
    ),
    Header("Google Customer Match, mobile", "Mobile Device ID", "Mobile Device ID"),
    Header("Google Customer Match, hashed", "hashed_email|hashed_phone_number|country_code", "hashed_email"),
    Header(
        "Meta customer list, as the command line reads it",
        "email|email 2|email 3|phone|phone 2|phone 3|madid|fn|ln|zip|ct|st|country|dob|doby|gen|age|uid|value",
        "email|email 2|email 3|madid",
    ),
    Header(
        "Meta offline events",
        "match_keys.email|match_keys.phone|event_time|value|currency|event_name",
        "match_keys.email",
    ),
    Header("TikTok customer file", "Email|Email_SHA256|Phone_SHA256|MAID|MAID_MD5", "Email|Email_SHA256|MAID|MAID_MD5"),
    Header(
        "TikTok customer file, blank in the hash",
        "Email_SHA 256|Phone_SHA 256|MAID_SHA 256",
        "Email_SHA 256|MAID_SHA 256",
    ),
    Header(
        "LinkedIn contact list",
        "email|firstname|lastname|jobtitle|employeecompany|country|googleaid",
        "email|googleaid",
    ),
    Header(
        "LinkedIn by Treasure Data",
        "email|google_aid|apple_idfa|first_name|company_email_domain",
        "email|google_aid|apple_idfa",
    ),
    Header(
        "LinkedIn connections", "First Name|Last Name|URL|Email Address|Company|Position|Connected On", "Email Address"
    ),
    Header("Snapchat audience match", "email|phone|mobile_ad_id", "email|mobile_ad_id"),
    Header("Microsoft Advertising customer match", "Email|Type|Status|Parent Id|Sub Type|Action Type", "Email"),
    Header("The Trade Desk", "HashedEmail|DAID|TDID|TimestampUtc", "HashedEmail"),
    Header("Adobe for Pinterest", "GAID|IDFA|Email_LC_SHA256|profile_id", "GAID|IDFA|Email_LC_SHA256"),
    Header(
        "LiveRamp onboarding",
        "CLIENT_CUSTOMER_ID|FIRSTNAME|LASTNAME|ADDRESS1|CITY|STATE|ZIP|EMAIL1|EMAIL2|EMAIL3|MAID",
        "EMAIL1|EMAIL2|EMAIL3|MAID",
    ),
    Header(
        "LiveRamp onboarding, hashed",
        "CID|SHA256EMAIL1|SHA256EMAIL2|MD5EMAIL1|SHA1EMAIL1|IDFA|AAID|RAMPID",
        "SHA256EMAIL1|SHA256EMAIL2|MD5EMAIL1|SHA1EMAIL1|IDFA|AAID|RAMPID",
    ),
    # Address books.
    Header(
        "Outlook",
        "First Name|Last Name|Company|E-mail Address|E-mail Type|E-mail Display Name|E-mail 2 Address|E-mail 2 Type|"
        "E-mail 2 Display Name|E-mail 3 Address|E-mail 3 Type|E-mail 3 Display Name|Manager's Name|Referred By|Spouse",
        "E-mail Address|E-mail 2 Address|E-mail 3 Address",
    ),
    Header(
        "Outlook, German",
        "Vorname|Nachname|E-Mail-Adresse|E-Mail-Typ|E-Mail: Angezeigter Name|E-Mail 2: Adresse",
        "E-Mail-Adresse|E-Mail 2: Adresse",
    ),
    Header(
        "Google Contacts",
        "Name|Given Name|Group Membership|E-mail 1 - Type|E-mail 1 - Value|E-mail 2 - Label|"
        "E-mail 2 - Value|Phone 1 - Value",
        "E-mail 1 - Value|E-mail 2 - Value",
    ),
    Header(
        "Thunderbird",
        "First Name|Display Name|Primary Email|Secondary Email|Screen Name|Work Phone",
        "Primary Email|Secondary Email",
    ),
    Header(
        "Apple Contacts", "First Name|Last Name|Home Email|Work Email|Other Email", "Home Email|Work Email|Other Email"
    ),
    Header(
        "Yahoo Contacts",
        "First|Middle|Last|Email|Alternate Email 1|Alternate Email 2|Messenger ID1",
        "Email|Alternate Email 1|Alternate Email 2",
    ),
    Header("a la mode", "HomeEmail|HomeEmailDisplayName|BusinessEmail|MobileDeviceEmail", "HomeEmail|BusinessEmail"),
    # Shops and payments.
    Header(
        "Shopify customers",
        "Customer ID|First Name|Last Name|Email|Accepts Email Marketing|Default Address Company|Phone|"
        "Accepts SMS Marketing|Total Spent",
        "Email",
    ),
    Header(
        "Shopify orders",
        "Name|Email|Financial Status|Accepts Marketing|Billing Name|Shipping Name|Vendor|Employee|Receipt Number",
        "Email",
    ),
    Header(
        "Shopify by Fivetran",
        "id|email|verified_email|accepts_marketing|email_marketing_consent_state|_fivetran_deleted",
        "email",
    ),
    Header(
        "Matrixify",
        "ID|Email|Command|First Name|Email Marketing: Status|Email Marketing: Level|Account Activation URL",
        "Email",
    ),
    Header("Stripe customers", "id|Description|Email|Name|Created (UTC)|Delinquent|Card ID", "Email"),
    Header(
        "Stripe charges",
        "id|receipt_email|billing_details_email|customer|seller_message|Customer Email",
        "receipt_email|billing_details_email|Customer Email",
    ),
    Header("PayPal activity", "Date|Name|Type|From Email Address|To Email Address|Transaction ID|Invoice Number", ""),
    Header(
        "WooCommerce orders",
        "Order ID|Billing First Name|Billing Email Address|Shipping Name|Customer User Email",
        "Billing Email Address|Customer User Email",
    ),
    Header(
        "WooCommerce meta", "user_email|billing_email|shipping_first_name|_customer_user", "user_email|billing_email"
    ),
    Header(
        "Magento",
        "entity_id|customer_email|customer_is_guest|store_id|remote_ip|email_sent|send_email",
        "customer_email",
    ),
    Header("BigCommerce", "Customer ID|Customer Name|Email|Company|Phone|Receive ACS/Review Emails", "Email"),
    Header(
        "Square", "Reference ID|First Name|Email Address|Email Subscription Status|Creation Source", "Email Address"
    ),
    Header(
        "Wix contacts",
        "First Name|Last Name|Email 1|Email 2|Phone 1|Email subscriber status|Last Activity",
        "Email 1|Email 2",
    ),
    Header("Squarespace orders", "Order ID|Email|Financial Status|Billing Name|Private Notes", "Email"),
    Header("Etsy orders", "Sale Date|Order ID|Buyer User ID|Full Name|Buyer Email", "Buyer Email"),
    Header("Amazon orders", "order-id|buyer-email|buyer-name|recipient-name|sales-channel", "buyer-email"),
    Header(
        "Eventbrite",
        "Order #|First Name|Email|Buyer Email|Attendee Email|Attendee Status",
        "Email|Buyer Email|Attendee Email",
    ),
    Header("Recharge", "customer_id|email|external_customer_id|subscriptions_active_count", "email"),
    Header("GoDaddy", "Order #|Customer Email|Shipping Email|Referral", "Customer Email|Shipping Email"),
    # E-mail and messaging.
    Header(
        "Mailchimp",
        "Email Address|First Name|MEMBER_RATING|OPTIN_TIME|CONFIRM_TIME|EMAIL_CLIENT|LEID|EUID|NOTES|TAGS|UNSUB_TIME",
        "Email Address",
    ),
    Header(
        "Klaviyo profiles",
        "Email|Klaviyo ID|First Name|Email Marketing Consent|Email Marketing Consent Timestamp|"
        "Email Suppressions|Last Open",
        "Email",
    ),
    Header("Klaviyo events", "$email|$event_id|Campaign Name|Subject|Email Domain|$message", "$email"),
    Header(
        "HubSpot contacts",
        "Record ID|First Name|Email|Work email|Contact owner|Email Domain|Unsubscribed from all email|"
        "Marketing emails opened",
        "Email|Work email",
    ),
    Header(
        "HubSpot by Fivetran",
        "id|property_email|property_work_email|property_hs_additional_emails|property_hs_email_optout|"
        "property_hs_email_domain|"
        "property_hubspot_owner_id|property_hs_email_last_send_date|property_num_contacted_notes",
        "property_email|property_work_email|property_hs_additional_emails",
    ),
    Header(
        "ActiveCampaign", "contact_id|email_address|first_name|email_domain|email_local|bounced_hard", "email_address"
    ),
    Header("Customer.io", "id|email|created_at|unsubscribed|cio_id|email_hash", "email|email_hash"),
    Header("SendGrid contacts", "EMAIL|FIRST_NAME|ALTERNATE_EMAILS|CREATED_AT|CONTACT_ID", "EMAIL|ALTERNATE_EMAILS"),
    Header("SendGrid events", "from_email|to_email|subject|msg_id|last_event_time|opens_count", ""),
    Header("Mailgun events", "event|message.headers.from|message.headers.to|envelope.sender|user-variables", ""),
    Header(
        "Constant Contact",
        "Email address|First name|Email permission status|Email update source|Email lists",
        "Email address",
    ),
    Header("Campaign Monitor", "Email Address|Name|Date Subscribed|State", "Email Address"),
    Header("Iterable", "email|userId|signupDate|unsubscribedChannelIds|emailListIds", "email"),
    Header(
        "MoEngage",
        "Email (Standard)|First Name|Advertising Identifier|Hard Bounce",
        "Email (Standard)|Advertising Identifier",
    ),
    Header("Substack", "email|active_subscription|expiry|plan|email_disabled|created_at", "email"),
    Header("ConvertKit", "email|first_name|status|created_at|referrer", "email"),
    # CRM and support.
    Header(
        "Salesforce contacts",
        "Id|FirstName|Email|npe01__HomeEmail__c|Secondary_Email__c|HasOptedOutOfEmail|EmailBouncedDate|"
        "EmailBouncedReason|OwnerId|CreatedById",
        "Email|npe01__HomeEmail__c|Secondary_Email__c",
    ),
    Header(
        "Salesforce person accounts",
        "Id|Name|PersonEmail|PersonHasOptedOutOfEmail|Billing_Email__pc|PersonEmailBouncedDate",
        "PersonEmail|Billing_Email__pc",
    ),
    Header(
        "Salesforce report", "Email|Account Owner|Owner Email|Created By: Email|Email Opt Out|Lead Owner Alias", "Email"
    ),
    Header(
        "Pipedrive",
        "Person - Name|Person - Email - Work|Person - Email - Home|Person - Email - Other|Person - Owner|"
        "Person - Email messages count",
        "Person - Email - Work|Person - Email - Home|Person - Email - Other",
    ),
    Header(
        "Zoho CRM",
        "Contact Id|Contact Owner|Email|Secondary Email|Email Opt Out|Created By|Reporting To",
        "Email|Secondary Email",
    ),
    Header(
        "Microsoft Dynamics",
        "contactid|emailaddress1|emailaddress2|emailaddress3|donotemail|donotbulkemail|owneridname",
        "emailaddress1|emailaddress2|emailaddress3",
    ),
    Header("Copper", "Name|Email|Email Type|Email 2|Email 2 Type|Owned By|Owner Id", "Email|Email 2"),
    Header(
        "Close",
        "lead_name|primary_contact_primary_email|contacts.0.emails.0.email|contacts.0.emails.0.type|created_by_name",
        "primary_contact_primary_email|contacts.0.emails.0.email",
    ),
    Header("Zendesk", "id|name|email|role|organization_id|requester_email|assignee_email|submitter_id|shared", "email"),
    Header(
        "Intercom",
        "id|email|unsubscribed_from_emails|owner_id|has_hard_bounced|marked_email_as_spam|last_email_opened_at",
        "email",
    ),
    Header(
        "Marketo",
        "Id|Email Address|Email Invalid|Email Suspended|Lead Owner Email Address|Unsubscribed|Lead Source",
        "Email Address",
    ),
    Header(
        "Eloqua", "C_EmailAddress|C_EmailAddressDomain|C_EmailDisplayName|C_Salesperson|Bounceback", "C_EmailAddress"
    ),
    Header("Freshsales", "First name|Emails|Work email|Sales owner|Subscription status|Creator", "Emails|Work email"),
    Header("monday.com", "Name|Email|Email Status|Owner|Last updated", "Email"),
    Header(
        "Blackbaud",
        "Constituent ID|Constituent Email|Preferred Email|Spouse Email|Do Not Email",
        "Constituent Email|Preferred Email",
    ),
    # Events and devices.
    Header(
        "Segment identifies",
        "id|anonymous_id|context_traits_email|email|context_device_advertising_id|"
        "context_device_ad_tracking_enabled|context_ip",
        "context_traits_email|email|context_device_advertising_id",
    ),
    Header(
        "Segment, nested",
        "traits.email|context.traits.email|context.device.advertisingId|context.device.id|"
        "context.device.adTrackingEnabled",
        "traits.email|context.traits.email|context.device.advertisingId",
    ),
    Header(
        "RudderStack",
        "context_traits_email|context_device_advertising_id|context_device_id|user_id",
        "context_traits_email|context_device_advertising_id",
    ),
    Header(
        "Amplitude",
        "amplitude_id|device_id|idfa|adid|idfv|user_properties.email|$insert_id|library",
        "idfa|user_properties.email",
    ),
    Header(
        "Adjust",
        "{adid}|{gps_adid}|{idfa}|{idfv}|{fire_adid}|{oaid}|{android_id}|{tracking_enabled}",
        "{gps_adid}|{idfa}",
    ),
    Header(
        "Adjust, hashed", "gps_adid_md5|idfa_md5|idfa_sha1|android_id_md5|mac_sha1", "gps_adid_md5|idfa_md5|idfa_sha1"
    ),
    Header(
        "AppsFlyer",
        "AppsFlyer ID|Advertising ID|IDFA|Android ID|Customer User ID|IDFV|OAID|Amazon Fire ID|Ad ID|Is LAT",
        "Advertising ID|IDFA",
    ),
    Header(
        "AppsFlyer data locker",
        "appsflyer_id|advertising_id|idfa|android_id|customer_user_id|idfv|oaid|amazon_aid|af_ad_id",
        "advertising_id|idfa",
    ),
    Header(
        "Branch",
        "user_data_aaid|user_data_idfa|user_data_idfv|user_data_android_id|user_data_developer_identity|"
        "user_data_limit_ad_tracking",
        "user_data_aaid|user_data_idfa",
    ),
    Header(
        "Branch, nested",
        "user_data.aaid|user_data.idfa|user_data.idfv|last_attributed_touch_data.tilde_ad_id",
        "user_data.aaid|user_data.idfa",
    ),
    Header(
        "Braze",
        "braze_id|external_id|email|email_subscribe|email_unsubscribed_at|devices.google_ad_id|"
        "devices.ios_idfa|devices.idfv",
        "email|devices.google_ad_id|devices.ios_idfa",
    ),
    Header(
        "Braze Currents",
        "user_id|external_user_id|email_address|ad_id|ad_id_type|ad_tracking_enabled|sending_ip|from_domain",
        "email_address",
    ),
    Header(
        "Firebase and GA4",
        "user_pseudo_id|user_id|device.advertising_id|device.vendor_id|device.is_limited_ad_tracking",
        "device.advertising_id",
    ),
    Header(
        "mParticle",
        "mpid|email|ios_advertising_id|ios_idfv|android_aaid|android_uuid|roku_advertising_id|fire_aid",
        "email|ios_advertising_id|android_aaid",
    ),
    Header(
        "Kochava",
        "device_id_idfa|device_id_gaid|device_id_adid|kochava_device_id|identity_link",
        "device_id_idfa|device_id_gaid",
    ),
    Header("Singular", "idfa|aifa|idfv|asid|user_id|limit_ad_tracking", "idfa|aifa"),
    Header(
        "CleverTap",
        "profile.email|profile.identity|GoogleAdID|AppleIDFA|Email Subscribed",
        "profile.email|GoogleAdID|AppleIDFA",
    ),
    Header("Mixpanel", "$distinct_id|$email|$last_seen|$ios_ifa|$android_devices|Referring Email", "$email"),
    Header(
        "Tealium",
        "email_address|hashed_email_sha256|google_ad_id|apple_idfa|tealium_visitor_id",
        "email_address|hashed_email_sha256|google_ad_id|apple_idfa",
    ),
    # Sign-in, forms, schools, warehouses.
    Header(
        "Okta",
        "login|email|secondEmail|displayName|manager|managerId|emails.0.primary|emails.0.value",
        "email|secondEmail|emails.0.value",
    ),
    Header(
        "Auth0",
        "user_id|email|email_verified|last_ip|logins_count|identities.0.profileData.email",
        "email|identities.0.profileData.email",
    ),
    Header(
        "Google Forms",
        "Timestamp|Email Address|What is your email address?|Parent's email|How did you hear about us?",
        "Email Address|What is your email address?",
    ),
    Header(
        "Typeform",
        "#|What's your email?|Your email (required)|Submit Date (UTC)|Network ID",
        "What's your email?|Your email (required)",
    ),
    Header(
        "school",
        "student_id|student_email|guardian_email|parent_1_email|emergency_contact_email|teacher_email",
        "student_email",
    ),
    Header("bookings", "booking_id|guest_email|host_email|driver_email|created_by|booked_by_email", "guest_email"),
    Header("referrals", "id|email|referrer_email|invited_by_email|friend_email|referral_code", "email"),
    Header(
        "Snowflake, names written as one",
        "CUSTOMERID|CUSTOMEREMAIL|OWNEREMAIL|EMAILSTATUS|EMAILADDRESS|HASHEDEMAIL",
        "CUSTOMEREMAIL|EMAILADDRESS|HASHEDEMAIL",
    ),
    Header(
        "dbt model",
        "dim_customer_email|email_sha256_hex|fct_orders_count|email_domain|is_valid_email|email_updated_at",
        "dim_customer_email|email_sha256_hex",
    ),
    Header("Spanish", "nombre|Correo electrónico|Teléfono|ciudad", "Correo electrónico"),
    Header("French", "nom|Adresse e-mail|courriel|téléphone", "Adresse e-mail|courriel"),
    Header("Dutch and Swedish", "naam|E-mailadres|E-post|telefoon", "E-mailadres|E-post"),
    Header(
        "Chargebee",
        "customers.id|customers.email|customers.billing_address.email|customers.auto_collection",
        "customers.email|customers.billing_address.email",
    ),
    Header("Recurly", "account_code|account_email|account_cc_emails|hosted_login_token", "account_email"),
    Header(
        "Zuora",
        "Account Name|Bill To: Work Email|Sold To: Personal Email|Invoice Owner",
        "Bill To: Work Email|Sold To: Personal Email",
    ),
    Header("NetSuite", "Internal ID|Email|Alt. Email|Sales Rep|Last Modified By", "Email|Alt. Email"),
    Header(
        "Meta lead ads",
        "id|created_time|ad_id|ad_name|form_id|is_organic|platform|email|work_email|full_name",
        "email|work_email",
    ),
    Header(
        "Meta conversions",
        "event_name|user_data.em|user_data.ph|user_data.madid|custom_data.value",
        "user_data.em|user_data.madid",
    ),
    Header("Calendly", "Invitee Name|Invitee Email|Event Type Name|User Email|Canceled By", "Invitee Email|User Email"),
    Header(
        "Google Workspace",
        "First Name [Required]|Email Address [Required]|Recovery Email|Home Secondary Email|"
        "Work Secondary Email|Last Sign In [READ ONLY]",
        "Email Address [Required]|Recovery Email|Home Secondary Email|Work Secondary Email",
    ),
    Header(
        "Microsoft Entra",
        "userPrincipalName|mail|otherMails|alternateEmailAddress|signInNames.emailAddress",
        "alternateEmailAddress",
    ),
    Header(
        "Salesforce Marketing Cloud",
        "SubscriberKey|EmailAddress|Status|DateUnsubscribed|EmailTypePreference|FromEmail",
        "EmailAddress",
    ),
    Header("Brevo", "CONTACT ID|EMAIL|OPT_IN|DOUBLE_OPT-IN|ADDED_TIME", "EMAIL"),
    Header("Drip", "email|time_zone|email_last_delivered_at|lead_score|ip_address", "email"),
    Header(
        "Responsys",
        "CUSTOMER_ID_|EMAIL_ADDRESS_|EMAIL_DOMAIN_|EMAIL_FORMAT_|EMAIL_PERMISSION_STATUS_",
        "EMAIL_ADDRESS_",
    ),
    Header(
        "Infusionsoft",
        "Id|Email|Email Address 2|Email Address 3|Owner ID|Lead Source",
        "Email|Email Address 2|Email Address 3",
    ),
    Header(
        "NationBuilder",
        "nationbuilder_id|email|email1|email1_is_bad|email2|email_opt_in|recruiter_id",
        "email|email1|email2",
    ),
    Header(
        "Classy",
        "Billing Email|Supporter Email Address|Fundraiser Email|Honoree Email",
        "Billing Email|Supporter Email Address",
    ),
    Header("Airtable", "Name|Email (from Contacts)|Email (from Owner)|Last modified by", "Email (from Contacts)"),
    Header("Qualtrics", "StartDate|ResponseId|RecipientEmail|Respondent Email|ExternalReference", "Respondent Email"),
    Header("Jira and GitHub", "reporter_email|author_email|committer_email|assignee_email", ""),
    Header(
        "PostHog",
        "distinct_id|person.properties.email|properties.$set.email|properties.$referrer",
        "person.properties.email|properties.$set.email",
    ),
    Header(
        "GA4 in BigQuery",
        "user_properties.email.value.string_value|device.advertising_id|traffic_source.source",
        "user_properties.email.value.string_value|device.advertising_id",
    ),
    Header(
        "Google enhanced conversions",
        "user_identifiers.hashed_email|user_identifiers.hashed_phone_number",
        "user_identifiers.hashed_email",
    ),
    Header(
        "Adobe Experience Platform",
        "personalEmail.address|workEmail.address|identityMap.Email.0.id|personalEmail.status",
        "personalEmail.address|workEmail.address",
    ),
    Header(
        "mParticle, nested",
        "user_identities.email|device_info.ios_advertising_id|device_info.android_advertising_id|device_info.vendor_id",
        "user_identities.email|device_info.ios_advertising_id|device_info.android_advertising_id",
    ),
    Header("Airbridge", "Google Advertising ID|IDFA|IDFV|Device ID|App ID|Ad ID", "Google Advertising ID|IDFA"),
    Header("Criteo", "emailHash|madid|gum", "emailHash|madid"),
    Header("Yahoo and Reddit", "SHA256EMAIL|EMAIL_SHA256|MAID_SHA256|IP", "SHA256EMAIL|EMAIL_SHA256|MAID_SHA256"),
    Header(
        "Adyen and Braintree",
        "shopperEmail|Customer Email|PayPal Payer Email|merchant_email",
        "shopperEmail|Customer Email|PayPal Payer Email",
    ),
    Header(
        "warehouse abbreviations",
        "CUST_EMAIL_ADDR_TXT|C_EMAIL_ADDRESS|EMAIL_ADDR|EMAIL_STAT_CD|EMAIL_CNT",
        "CUST_EMAIL_ADDR_TXT|C_EMAIL_ADDRESS|EMAIL_ADDR",
    ),
    Header(
        "German",
        "Kunden-Nr|Kunden-E-Mail|E-Mail (privat)|Mailadresse|Vertreter-E-Mail",
        "Kunden-E-Mail|E-Mail (privat)|Mailadresse",
    ),
    Header(
        "Italian, Portuguese, Spanish",
        "Indirizzo e-mail|Endere\u00e7o de e-mail|Correo|Correo postal|Email del cliente",
        "Indirizzo e-mail|Endere\u00e7o de e-mail|Correo|Email del cliente",
    ),
    Header(
        "Finnish, Turkish, Swedish",
        "S\u00e4hk\u00f6posti|E-posta|E-postadress",
        "S\u00e4hk\u00f6posti|E-posta|E-postadress",
    ),
    Header(
        "Japanese, Chinese, Korean",
        "\u30e1\u30fc\u30eb\u30a2\u30c9\u30ec\u30b9|\u7535\u5b50\u90ae\u7bb1|\uc774\uba54\uc77c",
        "\u30e1\u30fc\u30eb\u30a2\u30c9\u30ec\u30b9|\u7535\u5b50\u90ae\u7bb1|\uc774\uba54\uc77c",
    ),
)

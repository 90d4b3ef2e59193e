/// Every key of `policy.yaml`, by the path of the mapping it stands in: `[]` is each item of a list, `.*`
/// each value of a mapping with free keys.
///
/// `Schemas/policy.schema.json` says the same; a test compares the two.
enum PolicyKeys {
    static let all: [String: [String]] = [
        "": [
            "version", "replaces", "organization", "trust", "known_vendors", "images", "publishers",
            "required_tags",
            "production_accounts", "exempt_services", "baseline", "declarative_policies", "iam_statements",
            "thresholds", "rules", "suppressions",
        ],
        "organization": ["id", "accounts", "parents"],
        "trust": ["accounts", "organizations", "organizational_units", "services", "buckets"],
        "images": ["approved", "denied", "max_age_days"],
        "images.approved[]": ["ids", "owners", "names", "tags"],
        "required_tags[]": ["resource", "key", "value", "pattern", "grace_minutes"],
        "baseline": ["allowed_images", "block_public_access"],
        "baseline.allowed_images": ["state", "criteria_file"],
        "declarative_policies[]": ["file", "targets", "id"],
        "iam_statements[]": ["file", "statement"],
        "thresholds": [
            "share_burst_images", "share_burst_minutes", "brief_share_minutes", "create_then_share_minutes",
            "lookup_then_launch_minutes", "first_time_days", "audit_mode_days", "repeated_denials",
            "silent_hours",
        ],
        "rules.*": ["enabled", "severity"],
        "suppressions[]": [
            "rule", "account", "region", "resource", "discriminator", "image", "principal", "reason", "owner",
            "expires",
        ],
    ]
}

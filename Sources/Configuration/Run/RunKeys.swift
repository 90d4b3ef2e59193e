/// Every key of the configuration of `run`, by the path of its mapping.
///
/// `Schemas/run.schema.json` says the same; a test compares the two.
enum RunKeys {
    static let all: [String: [String]] = [
        "": [
            "kafka", "group_id", "instance_id", "roles", "input", "topics", "alerts", "detector", "state",
            "policy", "http", "log",
        ],
        "kafka": [
            "bootstrap_servers", "static_membership", "oauth_token_file", "properties", "consumer",
            "producer",
        ],
        "input": ["topics", "keyed_by_account", "partitioner", "validate", "limits"],
        "input.limits": ["message_bytes", "decompressed_bytes", "ratio", "depth", "records_per_message"],
        "topics": ["events", "state", "catalogue", "alerts", "findings", "deadletters"],
        "alerts": ["formats", "signing_key_file"],
        "detector": [
            "commit_interval_ms", "commit_records", "settle_seconds", "horizon_hours", "retention_days",
            "ended_per_account", "max_policy_change_percent",
        ],
        "state": ["snapshot_dir", "snapshot_interval_seconds"],
        "http": ["listen", "token_file", "certificate_file", "key_file", "client_ca_file"], "log": ["level"],
    ]

    /// Settings whose value is a list; in a variable its items are separated by commas.
    static let lists: Set<String> = ["roles", "input.topics", "alerts.formats"]

    /// The paths of all settings that are one value or one list, sorted.
    static let settings: [String] = all.flatMap { path, keys in
        keys.map { path.isEmpty ? $0 : "\(path).\($0)" }
    }.filter { all[$0] == nil && !["kafka.properties", "kafka.consumer", "kafka.producer"].contains($0) }
        .sorted()

    /// The environment variable of a setting: `AMIWATCH_INPUT_TOPICS` for `input.topics`.
    static func variable(of path: String) -> String {
        "AMIWATCH_" + path.uppercased().replacing(".", with: "_")
    }
}

import Configuration

extension RunConfiguration {
    /// What is in force, one setting a line by its path in the file, without secrets.
    var settings: String {
        var lines: [(String, String)] = [
            ("kafka.bootstrap_servers", kafka.bootstrapServers ?? ""),
            ("kafka.static_membership", "\(kafka.hasStaticMembership)"),
            ("kafka.oauth_token_file", kafka.tokenFile ?? ""),
        ]
        for (section, properties) in [
            ("properties", kafka.properties), ("consumer", kafka.consumer), ("producer", kafka.producer),
        ] {
            lines += properties.map { ("kafka.\(section).\($0.name)", $0.value.description) }
        }
        lines += [
            ("group_id", groupID), ("instance_id", instanceID ?? ""),
            ("roles", roles.map(\.rawValue).sorted().joined(separator: ",")),
            ("input.topics", input.topics.joined(separator: ",")),
            ("input.keyed_by_account", "\(input.isKeyedByAccount)"),
            ("input.partitioner", input.partitioner?.rawValue ?? ""),
            ("input.validate", input.validation.rawValue),
            ("input.limits.message_bytes", "\(input.limits.messageBytes)"),
            ("input.limits.decompressed_bytes", "\(input.limits.decompressedBytes)"),
            ("input.limits.ratio", "\(input.limits.ratio)"), ("input.limits.depth", "\(input.limits.depth)"),
            ("input.limits.records_per_message", "\(input.limits.recordsPerMessage)"),
            ("topics.events", topics.events), ("topics.state", topics.state),
            ("topics.catalogue", topics.catalogue),
            ("topics.alerts", topics.alerts), ("topics.findings", topics.findings),
            ("topics.deadletters", topics.deadLetters),
            ("alerts.formats", alerts.formats.map(\.rawValue).joined(separator: ",")),
            ("alerts.signing_key_file", alerts.signingKeyFile ?? ""),
            ("detector.commit_interval_ms", "\(detector.commitIntervalMilliseconds)"),
            ("detector.commit_records", "\(detector.commitRecords)"),
            ("detector.settle_seconds", "\(detector.settleSeconds)"),
            ("detector.horizon_hours", "\(detector.horizonHours)"),
            ("detector.retention_days", "\(detector.retentionDays)"),
            ("detector.ended_per_account", "\(detector.endedPerAccount)"),
            ("detector.max_policy_change_percent", "\(detector.maxPolicyChangePercent)"),
            ("state.snapshot_dir", state.snapshotFolder ?? ""),
            ("state.snapshot_interval_seconds", "\(state.snapshotIntervalSeconds)"), ("policy", policy ?? ""),
            ("http.listen", http.map { "\($0.listen)" } ?? ""),
            ("http.token_file", http?.token?.path ?? ""),
            ("http.certificate_file", http?.certificate?.path ?? ""),
            ("http.key_file", http?.key?.path ?? ""),
            ("http.client_ca_file", http?.clientAuthorities?.path ?? ""),
            ("log.level", logLevel.rawValue),
        ]
        return lines.map { "\($0.0): \($0.1.oneLine)" }.joined(separator: "\n")
    }
}

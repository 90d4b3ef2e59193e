/// `input`, `topics`, `detector`, `state`.
extension RunReading {
    func readInput(_ top: Fields, into configuration: inout RunConfiguration) {
        guard let fields = top.fields("input") else { return }
        var input = RunConfiguration.Input()
        if let node = fields["topics"] {
            input.topics = fields.list("topics", topic)
            if case .sequence(let items) = node.value, items.isEmpty {
                reader.error(node.location, "input.topics is empty", instead: "[cloudtrail]")
            }
        }
        input.isKeyedByAccount = fields.boolean("keyed_by_account") ?? false
        input.partitioner = fields.word("partitioner", RunConfiguration.Partitioner.self)
        if input.isKeyedByAccount, fields["partitioner"] == nil,
            let location = fields.location(of: "keyed_by_account")
        {
            reader.error(
                location,
                "input.keyed_by_account needs input.partitioner",
                instead: "partitioner: murmur2",
                impact: "a record on the wrong partition could not be noticed"
            )
        }
        if !input.isKeyedByAccount, let location = fields.location(of: "partitioner") {
            reader.warn(location, "input.partitioner has no effect without keyed_by_account: true")
        }
        input.validation = fields.word("validate", RunConfiguration.Validation.self) ?? .candidates
        if let limits = fields.fields("limits") {
            input.limits.messageBytes = limits.value("message_bytes", size) ?? input.limits.messageBytes
            input.limits.decompressedBytes =
                limits.value("decompressed_bytes", size) ?? input.limits.decompressedBytes
            limits.integer("ratio", 1...100_000, into: &input.limits.ratio)
            limits.integer("depth", 8...1024, into: &input.limits.depth)
            limits.integer("records_per_message", 1...100_000_000, into: &input.limits.recordsPerMessage)
        }
        configuration.input = input
    }

    /// Bytes: a number, or one with a unit such as `16 MiB`.
    private func size(_ node: Node, _ path: String) -> Int? {
        let most = 1 << 40
        guard case .scalar(let text, _) = node.value, Int(text) == nil else {
            return reader.integer(node, path, 1024...most)
        }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count).drop { $0 == " " }
        let shifts = ["KiB": 10, "MiB": 20, "GiB": 30]
        guard let number = Int(digits), let shift = shifts[String(unit)], number <= most >> shift, number > 0
        else {
            reader.error(
                node.location,
                "\(path): \(text) is not a valid size",
                instead: "bytes, or one like 16 MiB"
            )
            return nil
        }
        return number << shift
    }

    /// A topic's name, as Kafka allows it.
    private func topic(_ node: Node, _ path: String) -> String? {
        guard let name = text(node, path)?.value else { return nil }
        let isSound =
            (1...249).contains(name.count) && name != "." && name != ".."
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        if isSound { return name }
        reader.error(
            node.location,
            "\(path): \(name) is not a valid topic name: up to 249 letters, digits, '.', '_', '-'"
        )
        return nil
    }

    func readTopics(_ top: Fields, into configuration: inout RunConfiguration) {
        let inputLocation = top.location(of: "input")
        var used: [String: (setting: String, location: FileLocation?)] = [:]
        for name in configuration.input.topics { used[name] = ("input.topics", inputLocation) }
        let fields = top.fields("topics")
        let defaults = RunConfiguration.Topics()
        for (key, target) in [
            ("events", \RunConfiguration.Topics.events), ("state", \.state), ("catalogue", \.catalogue),
            ("alerts", \.alerts), ("findings", \.findings), ("deadletters", \.deadLetters),
        ] {
            let node = fields?[key]
            let name = fields?.value(key, topic) ?? defaults[keyPath: target]
            configuration.topics[keyPath: target] = name
            if let other = used.updateValue(("topics.\(key)", node?.location), forKey: name) {
                reader.error(
                    node?.location ?? other.location ?? top.location,
                    "topics.\(key) and \(other.setting) are the same topic, \(name)",
                    instead: "another name",
                    impact: "amiwatch would read what it writes"
                )
            }
        }
        for format in configuration.alerts.formats where format != .native {
            let name = configuration.topic(of: format)
            guard let other = used[name] else { continue }
            reader.error(
                other.location ?? top.location,
                "\(other.setting) is the topic of the alerts as \(format.rawValue), \(name)",
                instead: "another name"
            )
        }
    }

    func readState(_ top: Fields, into configuration: inout RunConfiguration) {
        guard let fields = top.fields("state") else { return }
        if let node = fields["snapshot_dir"], let folder = text(node, "state.snapshot_dir")?.value {
            configuration.state.snapshotFolder = path(folder, namedAt: node.location)
        }
        fields.integer(
            "snapshot_interval_seconds",
            1...86_400,
            into: &configuration.state.snapshotIntervalSeconds
        )
    }

    func readDetector(_ top: Fields, into configuration: inout RunConfiguration) {
        guard let fields = top.fields("detector") else { return }
        var detector = configuration.detector
        fields.integer("commit_interval_ms", 1...60_000, into: &detector.commitIntervalMilliseconds)
        fields.integer("commit_records", 1...10_000_000, into: &detector.commitRecords)
        fields.integer("settle_seconds", 0...3600, into: &detector.settleSeconds)
        fields.integer("horizon_hours", 1...8760, into: &detector.horizonHours)
        fields.integer("retention_days", 1...3650, into: &detector.retentionDays)
        fields.integer("ended_per_account", 1000...1_000_000_000, into: &detector.endedPerAccount)
        fields.integer("max_policy_change_percent", 0...100, into: &detector.maxPolicyChangePercent)
        configuration.detector = detector
        if detector.retentionDays <= 30, let location = fields.location(of: "retention_days") {
            reader.warn(
                location,
                "AWS delivers records again for 30 days, longer than detector.retention_days",
                instead: "35",
                impact: "such a record may repeat an alert"
            )
        }
        if detector.horizonHours > detector.retentionDays * 24 {
            reader.error(
                fields.location(of: "horizon_hours") ?? fields.location,
                "detector.horizon_hours is longer than detector.retention_days",
                impact: "what a late event needs would be forgotten"
            )
        }
    }
}

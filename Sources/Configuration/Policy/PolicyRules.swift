import CloudTrail
import Detection

/// `thresholds`, `rules`, `suppressions`.
extension PolicyReading {
    func readReplaced(_ top: Fields, into policy: inout Policy) {
        guard let node = top["replaces"], let text = reader.text(node, "replaces") else { return }
        let isHash = text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard isHash, (16...64).contains(text.utf8.count) else {
            return reader.error(
                node.location,
                "replaces is no hash of a policy: 16 to 64 digits of 0-9 and a-f",
                impact: "what the policy changes would not be confirmed"
            )
        }
        policy.replaces = text
    }

    func readRules(_ top: Fields, into policy: inout Policy) {
        var firstTimeDays: FileLocation?
        defer { warnOfShortRetention(policy, firstTimeDays) }
        if let fields = top.fields("thresholds") {
            func read(_ key: String, of rule: String, atMost limit: Int = 1_000_000, _ value: inout Int) {
                guard let node = fields[key] else { return }
                fields.integer(key, 1...limit, into: &value)
                warnOfNoEffect("thresholds.\(key)", node.location, rule)
            }
            read("share_burst_images", of: "ami-share-burst", &policy.thresholds.shareBurstImages)
            read("share_burst_minutes", of: "ami-share-burst", &policy.thresholds.shareBurstMinutes)
            read("brief_share_minutes", of: "ami-shared-briefly", &policy.thresholds.briefShareMinutes)
            read(
                "create_then_share_minutes",
                of: "ami-created-then-shared",
                &policy.thresholds.createThenShareMinutes
            )
            read(
                "lookup_then_launch_minutes",
                of: "image-lookup-without-owner",
                &policy.thresholds.lookupThenLaunchMinutes
            )
            // Detectors keep a share for 35 days.
            read(
                "first_time_days",
                of: "ami-first-time-sharer",
                atMost: 30,
                &policy.thresholds.firstTimeDays
            )
            firstTimeDays = fields.location(of: "first_time_days")
            read("audit_mode_days", of: "allowed-amis-stuck-in-audit-mode", &policy.thresholds.auditModeDays)
            read("repeated_denials", of: "ami-share-attempt-denied", &policy.thresholds.repeatedDenials)
            var silentHours = 0
            read("silent_hours", of: "account-silent", atMost: 8760, &silentHours)
            if silentHours > 0 { policy.thresholds.silentHours = silentHours }
        }
        guard let rules = top["rules"], let entries = reader.entries(rules, "rules") else { return }
        for entry in entries {
            let isKnown = isRule(entry.key, "rules.\(entry.key)", entry.location)
            guard case .mapping = entry.value.value else {
                let isSwitch = if case .scalar("false", .plain) = entry.value.value { true } else { false }
                reader.mismatch(
                    entry.value,
                    "rules.\(entry.key)",
                    "a mapping",
                    instead: isSwitch ? "{enabled: false}" : "{enabled: true} or {severity: high}"
                )
                continue
            }
            guard let fields = reader.fields(entry.value, "rules.*"), isKnown else { continue }
            var setting = Policy.RuleSetting()
            if let node = fields["enabled"] {
                setting.isEnabled = reader.boolean(node, "rules.\(entry.key).enabled") ?? true
            }
            setting.severity = fields["severity"].flatMap {
                reader.word($0, "rules.\(entry.key).severity", Severity.self)
            }
            policy.rules[entry.key] = setting
        }
    }

    /// Warns of rules for which workers would have to keep what happened for longer than they do.
    private func warnOfShortRetention(_ policy: Policy, _ location: FileLocation?) {
        let rules = ["ami-first-time-sharer", "launch-from-never-seen-ami"].filter {
            policy.rules[$0]?.isEnabled ?? true
        }
        guard let retentionDays, policy.thresholds.firstTimeDays >= retentionDays, !rules.isEmpty
        else { return }
        let days = policy.thresholds.firstTimeDays
        reader.warn(
            location ?? FileLocation(file: path),
            "thresholds.first_time_days is \(days)\(location == nil ? " by default" : ""), and workers "
                + "forget calls after \(retentionDays) days (detector.retention_days): no call is ever old enough for "
                + "\(rules.joined(separator: " and ")) to tell that something happens for the first time",
            instead: "first_time_days: \(max(1, retentionDays - 1)), or detector.retention_days: \(days + 5)"
        )
    }

    /// Warns that a part of the policy is for a rule that this version does not have.
    func warnOfNoEffect(_ path: String, _ location: FileLocation, _ rule: String) {
        guard RuleSet.all.rule(rule) == nil else { return }
        reader.warn(location, "\(path) has no effect: this version does not have the rule \(rule)")
    }

    /// Whether there is such a rule, in this version or a later one.
    private func isRule(_ id: String, _ path: String, _ location: FileLocation) -> Bool {
        if knownIDs.contains(id) {
            warnOfNoEffect(path, location, id)
            return true
        }
        reader.error(
            location,
            "there is no rule \(id)",
            instead: NearestName.of(id, in: knownIDs) ?? "an id that 'amiwatch rules' lists",
            impact: "the entry would have no effect"
        )
        return false
    }

    func readSuppressions(_ top: Fields, into policy: inout Policy) {
        policy.suppressions = top.items("suppressions").compactMap(suppression)
    }

    private func suppression(_ node: Node) -> Policy.Suppression? {
        guard let fields = reader.fields(node, "suppressions[]") else { return nil }
        let why = "nobody could tell later why findings are hidden"
        needed(fields, "rule", "the rule's id")
        needed(fields, "reason", "\"why\"", impact: why)
        needed(fields, "owner", "who answers for it", impact: why)
        needed(fields, "expires", "2026-12-31", impact: "findings would be hidden for ever")
        let rule = fields.value("rule") { node, name in
            reader.text(node, name).flatMap { isRule($0, "suppressions", node.location) ? $0 : nil }
        }
        let (reason, owner) = (fields.text("reason"), fields.text("owner"))
        let ends = fields.value("expires") { node, _ in expiry(node) }
        let account = fields.value("account") { reader.account($0, $1) }
        let region = fields.value("region", reader.region)
        let resource = fields.text("resource")
        let discriminator = fields.text("discriminator")
        let image = fields.value("image", imagePattern)
        let principal = fields.value("principal", principalPattern)
        guard let rule, let reason, let owner, let ends else { return nil }
        var suppression = Policy.Suppression(rule: rule, reason: reason, owner: owner, ends: ends)
        suppression.account = account
        suppression.region = region.map { ExactText($0) }
        suppression.resource = resource.map(Pattern.init)
        suppression.discriminator = discriminator.map { ExactText($0) }
        suppression.image = image.map(Pattern.init)
        suppression.principal = principal.map(Pattern.init)
        warnOfNoMatch(suppression, fields)
        if let today, ends <= today, let location = fields.location(of: "expires") {
            reader.warn(
                location,
                "this suppression of \(rule) has expired, so it suppresses nothing",
                instead: "a later date, or remove the entry"
            )
        }
        return suppression
    }

    /// Warns of what no finding of the rule can have.
    private func warnOfNoMatch(_ suppression: Policy.Suppression, _ fields: Fields) {
        guard let rule = RuleSet.all.rule(suppression.rule) else { return }
        func warn(_ key: String, _ why: String) {
            guard let location = fields.location(of: key) else { return }
            reader.warn(
                location,
                "suppressions.\(key): findings of \(suppression.rule) \(why), so the entry suppresses nothing"
            )
        }
        if suppression.region != nil, !rule.isAboutOneRegion { warn("region", "are about all Regions") }
        if suppression.image != nil, !rule.isAboutImages { warn("image", "are about no image") }
        if suppression.discriminator != nil, !rule.hasDiscriminator {
            warn("discriminator", "have no discriminator")
        }
        let forms = rule.resources(account: suppression.account, region: suppression.region?.string)
        if let resource = suppression.resource, !forms.contains(where: resource.meets) {
            let shown = forms.map(\.description).joined(separator: " or ")
            warn("resource", "are about resources like \(shown), which \(resource) does not match")
        }
    }

    /// A pattern of an image's id.
    private func imagePattern(_ node: Node, _ path: String) -> String? {
        guard let text = reader.text(node, path) else { return nil }
        let digits =
            text.hasBytes(prefix: "ami-")
            ? text.utf8.dropFirst(4) : text.hasBytes(prefix: "*") ? text.utf8[...] : "".utf8[...]
        guard !digits.isEmpty, digits.allSatisfy({ "0123456789abcdef*?".utf8.contains($0) }) else {
            reader.error(
                node.location,
                "\(path): \(text) is not a pattern of image ids",
                instead: "one like ami-0abcd1234abcd1234 or ami-0abc*",
                impact: "it would match no image"
            )
            return nil
        }
        return text
    }

    /// The first second after a day, UTC.
    private func expiry(_ node: Node) -> EventTime? {
        guard case .scalar(let text, _) = node.value else {
            reader.mismatch(node, "suppressions.expires", "a date", instead: "one like 2026-12-31")
            return nil
        }
        guard text.utf8.count == 10, let day = EventTime(text + "T00:00:00Z") else {
            reader.error(
                node.location,
                "suppressions.expires: \(text.isEmpty ? "nothing" : text) is not a valid date",
                instead: "one like 2026-12-31"
            )
            return nil
        }
        return day.advanced(bySeconds: 86_400)
    }
}

import CloudTrail

/// A trail stopped, removed or narrowed, after which less is seen of an account, or nothing.
struct TrailBlinded: Rule {
    static let id = "trail-blinded"
    static let kind = Subject.Kind.trails

    let metadata = RuleMetadata(
        id: Self.id,
        title: "CloudTrail records less than before",
        kind: .standing,
        severity: .high,
        events: WatchedCall.trails.map(\.name).sorted(),
        references: [
            "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html"
        ],
        attack: ["T1562.008"],
        compliance: [
            "Prowler cloudtrail_log_file_validation_enabled",
            "Prowler cloudtrail_multi_region_enabled",
            "Security Hub CloudTrail.1",
            "Security Hub CloudTrail.4",
        ]
    )

    let subjects = [Subject.Kind.trails]

    let triggers: [Trigger] = [.on(.trails, .subject(.trails))]

    let ownFacts = WatchedCall.trails.map { call in
        CallFacts(fieldsOf: call) { fields, told in
            // Within one second what records less counts as the later.
            let isLess = ["logging", "management writes"].contains { fields.flag($0) == false }
            told.add(FactKey(.trails, .accountRegion(told.scope)), .fields(fields), isLess ? .ends : .changes)
        }
    }

    /// Settings, and what a trail is that has lost one.
    private static let settings: [(name: ExactText, lost: String)] = [
        ("all Regions", "narrowed to one Region"),
        ("log file validation", "left without log file validation"),
        ("the organization", "narrowed to one account"),
    ]

    /// What is known of one trail.
    private struct Trail {
        /// Settings, each with what told it.
        var settings: [ExactText: (isOn: Bool, fact: Fact)] = [:]
        /// What it recorded once, and does not any more.
        var lost: Set<ExactText> = []
    }

    /// What one call takes away from a trail, in words, and what would tell whether it does.
    private struct Loss {
        var certain: [String] = []
        var possible: [String] = []
        var missing: [String] = []
        var facts: [FactStatement] = []
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        var judgement = Judgement()
        var trails: [ExactText: Trail] = [:]
        for fact in context.facts.all(of: subject.key(of: .trails)) {
            guard let fields = fact.value.fields, let name = fields.text("trail") else { continue }
            let loss = apply(fact, fields, to: &trails[name, default: Trail()])
            if !loss.certain.isEmpty || !loss.possible.isEmpty {
                let verdict: Verdict = loss.certain.isEmpty ? .undetermined : .violation
                judgement.occur(fact.evidence, .high, verdict) {
                    reason(verdict, name, loss, fact, subject.scope)
                }
            } else if trails.values.allSatisfy(\.lost.isEmpty) {
                judgement.resolve(fact.evidence)
            }
        }
        return judgement
    }

    private func apply(_ fact: Fact, _ fields: Fields, to trail: inout Trail) -> Loss {
        var loss = Loss()
        func note(_ what: ExactText, _ isOn: Bool?, _ words: String) {
            guard let isOn else { return }
            if isOn {
                trail.lost.remove(what)
            } else {
                trail.lost.insert(what)
                loss.certain.append(words)
            }
        }
        note("logging", fields.flag("logging"), fields.flag("deleted") == true ? "deleted" : "stopped")
        note("management writes", fields.flag("management writes"), "left without what changes the account")
        let isNew = fact.evidence.name.hasSameBytes(as: WatchedCall.createTrail.name)
        if isNew {
            // It may only be without a beginning yet.
            trail.lost = trail.lost.intersection(["logging"])
            trail.settings = [:]
        }
        for (setting, words) in Self.settings {
            guard let isOn = fields.flag(setting) else { continue }
            let before = trail.settings.updateValue((isOn, fact), forKey: setting)
            if isOn {
                trail.lost.remove(setting)
            } else if !isNew, fields.texts("changed").contains(setting), before?.isOn ?? true {
                trail.lost.insert(setting)
                if let before {
                    loss.certain.append(words)
                    loss.facts.append(FactStatement("\(setting) before", "yes", before.fact))
                } else {
                    loss.possible.append(words)
                    loss.missing.append("whether trail \(fields.text("trail") ?? "") had \(setting) before")
                }
            }
        }
        return loss
    }

    private func reason(
        _ verdict: Verdict,
        _ name: ExactText,
        _ loss: Loss,
        _ fact: Fact,
        _ scope: AccountRegion
    ) -> Judgement.Reason {
        let words = (loss.certain + loss.possible).joined(separator: ", ")
        let isStopped = loss.certain == ["stopped"]
        return Judgement.Reason(
            verdict,
            severity: .high,
            facts: loss.facts + [FactStatement("trail \(name)", words, fact)],
            missing: loss.missing,
            remediation: loss.certain == ["deleted"]
                ? []
                : [
                    AWSCommand.cloudTrail(
                        isStopped ? "start-logging" : "get-trail",
                        region: scope.region,
                        "--name",
                        .trail(name)
                    )
                ],
            message: verdict == .violation
                ? "Trail \(name) of \(scope) was \(words)."
                : "Trail \(name) of \(scope) was \(words), unless it was so before."
        )
    }
}

extension Attribute {
    /// Calls that change the trails of an account and Region.
    static let trails = Attribute(0x1033)
}

extension Subject.Kind {
    /// An account and Region, by its trails.
    fileprivate static let trails = Subject.Kind(0x1033, .accountRegion)
}

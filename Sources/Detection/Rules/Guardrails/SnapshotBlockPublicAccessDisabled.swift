import CloudTrail

/// Block public access for snapshots switched off, or weakened: an image's snapshots carry its data.
struct SnapshotBlockPublicAccessDisabled: Rule {
    let metadata = RuleMetadata(
        id: "snapshot-block-public-access-disabled",
        title: "Block public access for snapshots is off",
        kind: .standing,
        severity: .high,
        events: ["DisableSnapshotBlockPublicAccess", "EnableSnapshotBlockPublicAccess"],
        references: ["https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html"],
        attack: ["T1562.001", "T1537"],
        compliance: [
            "AWS Config ebs-snapshot-block-public-access",
            "Prowler ec2_ebs_snapshot_account_block_public_access",
        ]
    )

    let subjects = [Subject.Kind.snapshotGuardrail]

    let triggers: [Trigger] = [.on(.snapshotBlockPublicAccess, .subject(.snapshotGuardrail))]

    let ownFacts = [
        CallFacts(fieldsOf: .enableSnapshotBlockPublicAccess, tell),
        CallFacts(fieldsOf: .disableSnapshotBlockPublicAccess, tell),
        CallFacts(describing: "GetSnapshotBlockPublicAccessState") { inventory, told in
            guard inventory.isDated, let state = inventory.snapshotBlockPublicAccess else { return }
            var fields = Fields()
            fields["state"] = .text(state)
            tell(fields, &told)
        },
    ]

    private enum Level: String {
        case unblocked
        case blockNewSharing = "block-new-sharing"
        case blockAllSharing = "block-all-sharing"

        init?(_ fields: Fields?) {
            guard let level = (fields?.text("state")).flatMap({ Level(rawValue: $0.string) }) else {
                return nil
            }
            self = level
        }

        /// Within one second the weaker state counts as the later one.
        var phase: Fact.Phase {
            switch self {
            case .unblocked: .ends
            case .blockNewSharing: .changes
            case .blockAllSharing: .creates
            }
        }
    }

    @Sendable
    private static func tell(_ fields: Fields, _ told: inout RecordFacts) {
        guard let level = Level(fields) else { return }
        told.add(
            FactKey(.snapshotBlockPublicAccess, .accountRegion(told.scope)),
            .fields(fields),
            level.phase
        )
    }

    func evaluate(_ subject: Subject, in context: RuleContext) -> Judgement? {
        var judgement = Judgement()
        var known: (level: Level, fact: Fact)?
        /// What was set before the first weakening that is still open.
        var before: (level: Level, fact: Fact)?
        for fact in context.facts.all(of: subject.key(of: .snapshotBlockPublicAccess)) {
            guard let level = Level(fact.value.fields) else { continue }
            switch level {
            case .unblocked where fact.evidence.isInventory && known?.level == level: break
            case .unblocked:
                if known?.level != .unblocked { before = before ?? known }
                occur(.high, fact, before?.fact, subject.scope, &judgement)
            case .blockNewSharing where known?.level != level && (before ?? known)?.level == .blockAllSharing:
                before = before ?? known
                judgement.resolve(fact.evidence)
                occur(.low, fact, before?.fact, subject.scope, &judgement)
            case .blockNewSharing where before?.level == .blockAllSharing: break
            case .blockNewSharing, .blockAllSharing:
                judgement.resolve(fact.evidence)
                before = nil
            }
            known = (level, fact)
        }
        return judgement
    }

    private func occur(
        _ severity: Severity,
        _ fact: Fact,
        _ before: Fact?,
        _ scope: AccountRegion,
        _ judgement: inout Judgement
    ) {
        judgement.occur(fact.evidence, severity) {
            func state(_ fact: Fact) -> Level { Level(fact.value.fields) ?? .unblocked }
            var facts = [FactStatement("block public access for snapshots", state(fact).rawValue, fact)]
            if let before { facts.append(FactStatement("state before", state(before).rawValue, before)) }
            let wanted: StaticString =
                before.map(state) == .blockNewSharing ? "block-new-sharing" : "block-all-sharing"
            return Judgement.Reason(
                severity: severity,
                facts: facts,
                remediation: [
                    AWSCommand.ec2(
                        "enable-snapshot-block-public-access",
                        region: scope.region,
                        "--state",
                        .word(wanted)
                    )
                ],
                message: severity == .high
                    ? "Block public access for snapshots is off in \(scope)."
                    : "Snapshots in \(scope) that are public stay so: block public access blocks new sharing only."
            )
        }
    }
}

extension Attribute {
    /// State of block public access for snapshots.
    static let snapshotBlockPublicAccess = Attribute(0x1030)
}

extension Subject.Kind {
    /// An account and Region, by its block public access for snapshots.
    fileprivate static let snapshotGuardrail = Subject.Kind(0x1030, .accountRegion)
}

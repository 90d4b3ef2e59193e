import CloudTrail

/// The life of one grantee's permission to make volumes of a snapshot.
struct SnapshotShare: GrantHistory {
    private let scope: AccountRegion
    private let snapshot: ResourceID
    let grantee: Grantee
    private let context: RuleContext

    /// Nil when the subject is no share.
    init?(of subject: Subject, in context: RuleContext) {
        guard let snapshot = subject.id, let grantee = subject.grantee else { return nil }
        (scope, self.snapshot, self.grantee, self.context) = (subject.scope, snapshot, grantee, context)
    }

    private func facts(_ attribute: Attribute, _ qualifier: Qualifier = .none) -> ArraySlice<Fact> {
        context.facts.all(of: FactKey(attribute, .resource(scope, snapshot), qualifier))
    }

    var steps: [(Fact, GrantStep)] {
        var steps: [(Fact, GrantStep)] = []
        for other in Set([grantee, .everyone]) {
            for fact in facts(.snapshotPermission, .grantee(other)) {
                steps.append((fact, fact.value == .granted ? .granted(other) : .revoked(other)))
            }
        }
        for fact in facts(.snapshotLife) {
            switch fact.value {
            case .grantees(let listed): steps.append((fact, .listed(listed)))
            case .terminated: steps.append((fact, .removed))
            case .restored: steps.append((fact, .restored))
            default: break
            }
        }
        for fact in facts(.snapshotUse) where isUse(fact) { steps.append((fact, .used)) }
        return steps
    }

    /// Whether the grantee has used the snapshot: of everybody, anybody has.
    private func isUse(_ fact: Fact) -> Bool {
        grantee == .everyone || fact.evidence.actor.accountID.map { grantee == .account($0) } ?? false
    }

    func trust(at time: EventTime) -> ShareTrust {
        ShareTrust(owner: scope.account, time: time, context: context)
    }

    func take(_ fact: Fact, _ objection: ShareTrust.Objection, into judgement: inout Judgement) {
        let image = facts(.imageOfSnapshot).first
        let grant = facts(.snapshotPermission, .grantee(grantee)).last {
            $0.value == .granted && $0.time <= fact.time
        }
        let service = grant.flatMap { context.policy.trust.service(of: $0.evidence.actor) }
        var severity = objection.severity
        if service != nil, grantee != .everyone {
            severity = .low
        } else if image != nil, objection.verdict == .violation {
            severity = severity < .high ? .high : .critical
        }
        judgement.occur(fact.evidence, severity, objection.verdict) {
            reason(fact, objection, severity, image, service)
        }
    }

    private func reason(
        _ fact: Fact,
        _ objection: ShareTrust.Objection,
        _ severity: Severity,
        _ imageFact: Fact?,
        _ service: String?
    ) -> Judgement.Reason {
        var shown = objection.facts
        var message =
            "Snapshot \(snapshot) of account \(scope.account) is shared with \(objection.description)"
        if fact.value == .granted {
            shown.append(FactStatement("create volume permission", grantee.description, fact))
            message += service.map { " by \($0) for the owner." } ?? "."
        } else {
            let user = fact.evidence.actor.accountID?.description ?? "unknown"
            shown.append(FactStatement("used by", user, fact))
            message +=
                fact.evidence.name.hasSameBytes(as: WatchedCall.sharedSnapshotCopied.name)
                ? ", and account \(user) copies it." : ", and account \(user) has made a volume of it."
        }
        if let imageFact, let image = imageFact.value.fields?.text("image") {
            shown.append(FactStatement("backs image", image.string, imageFact))
            message += " It backs image \(image)."
        }
        return Judgement.Reason(
            objection.verdict,
            severity: severity,
            facts: shown,
            missing: objection.missing,
            clause: objection.clause,
            remediation: objection.verdict == .violation ? [removal] : [],
            message: message
        )
    }

    private var removal: AWSCommand {
        AWSCommand.ec2(
            "modify-snapshot-attribute",
            region: scope.region,
            "--snapshot-id",
            .snapshot(snapshot),
            "--create-volume-permission",
            .removal(grantee)
        )
    }
}

extension SnapshotShare {
    /// What makes a share be evaluated again.
    static let triggers: [Trigger] =
        [
            .on(.snapshotPermission, .subject(.snapshotShare)),
            .on(.snapshotPermission, .widerGrant(.snapshotPermission, .snapshotShare)),
        ]
        + Trigger.on(
            [.snapshotLife, .snapshotUse, .imageOfSnapshot],
            .sameResource(.snapshotPermission, .snapshotShare)
        )
        + [
            .on(.members, .all(.snapshotPermission, .snapshotShare)),
            .on(.membership, .grantee(.snapshotPermission, .snapshotShare)),
        ]

    /// The calls among them that are watched.
    static let calls = facts.map(\.name).filter(EventNames.all.contains)

    /// What tells what is known of snapshots.
    static let facts: [CallFacts] = [
        CallFacts(fieldsOf: .modifySnapshotAttribute) { fields, told in
            guard let snapshot = fields.id("snapshot") else { return }
            let resource = Entity.resource(told.scope, snapshot)
            told.tell(
                granted: fields.texts("added").map { Grantee($0.string) },
                revoked: fields.texts("removed").map { Grantee($0.string) }
            ) { FactKey(.snapshotPermission, resource, .grantee($0)) }
            told.tell(unread: fields.text("unread"), unreadRemoval: fields.text("unread removal"))
        },
        tell(.resetSnapshotAttribute, .snapshotLife, .grantees([])),
        tell(.deleteSnapshot, .snapshotLife, .terminated, .ends),
        tell(.restoreSnapshot, .snapshotLife, .restored, .ends),
        tell(.sharedSnapshotCopied, .snapshotUse, .active),
        tell(.sharedSnapshotVolumeCreated, .snapshotUse, .active),
        CallFacts(of: .deregisterImage) { call, told in
            guard case .deregisterImage(_, let deleted) = call else { return }
            for snapshot in deleted {
                let resource = Entity.resource(told.scope, ResourceID(snapshot.string))
                told.add(FactKey(.snapshotLife, resource), .terminated, .ends)
            }
        },
        CallFacts(of: .registerImage) { call, told in
            guard case .createImage(let creation) = call, let image = creation.image,
                case .snapshots(let snapshots) = creation.origin
            else { return }
            told.tell(image, madeOf: snapshots)
        },
        CallFacts(describing: "DescribeImages") { inventory, told in
            // Of an image of somebody else's the snapshots are, too.
            for image in inventory.images where image.owner == told.scope.account {
                told.tell(image.id, madeOf: image.snapshots, at: .distantPast)
            }
        },
        CallFacts(describing: "DescribeSnapshotAttribute") { inventory, told in
            guard inventory.isDated else { return }
            for permissions in inventory.snapshotPermissions {
                let resource = Entity.resource(told.scope, permissions.snapshot)
                told.add(FactKey(.snapshotLife, resource), .grantees(permissions.grantees))
                for grantee in permissions.grantees {
                    told.add(FactKey(.snapshotPermission, resource, .grantee(grantee)), .granted)
                }
            }
        },
    ]

    private static func tell(
        _ call: WatchedCall,
        _ attribute: Attribute,
        _ value: FactValue,
        _ phase: Fact.Phase = .changes
    ) -> CallFacts {
        CallFacts(fieldsOf: call) { fields, told in
            guard let snapshot = fields.id("snapshot") else { return }
            told.add(FactKey(attribute, .resource(told.scope, snapshot)), value, phase)
        }
    }
}

extension RecordFacts {
    fileprivate mutating func tell(
        _ image: ResourceID,
        madeOf snapshots: [ExactText],
        at time: EventTime? = nil
    ) {
        if snapshots.isEmpty { return }
        var fields = Fields()
        fields["image"] = .text(ExactText(image.description))
        for snapshot in snapshots {
            let resource = Entity.resource(scope, ResourceID(snapshot.string))
            add(FactKey(.imageOfSnapshot, resource), .fields(fields), at: time)
        }
    }
}

extension Attribute {
    /// Who may make volumes of a snapshot.
    fileprivate static let snapshotPermission = Attribute(0x1002, lifetime: .untilEnded)
    /// Permissions reset; the snapshot deleted, or brought back.
    fileprivate static let snapshotLife = Attribute(0x1003, lifetime: .untilGone)
    /// Another account has copied a snapshot, or made a volume of it.
    fileprivate static let snapshotUse = Attribute(0x1004, lifetime: .occurrence)
    /// The images that are made of a snapshot.
    fileprivate static let imageOfSnapshot = Attribute(0x1005, lifetime: .untilEnded)
}

extension Subject.Kind {
    /// A snapshot shared with a grantee.
    static let snapshotShare = Subject.Kind(0x1002, .snapshot, hasDiscriminator: true)
}

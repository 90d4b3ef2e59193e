import AWSPolicies
import CloudTrail

extension Attribute {
    /// Calls that were authorised on a resource, or on nothing in an account and Region, with what they were authorised on.
    static let calls = Attribute(0x1080, lifetime: .occurrence)
    /// The snapshots that an image is made of; holds for all times.
    static let snapshotsOfImage = Attribute(
        0x1081,
        isInCatalogue: true,
        keeping: .first,
        hasEntryPerRecord: false,
        isConstant: true
    )
}

extension ImageAttribute {
    /// The snapshots that it is made of.
    static var snapshotsOfImage: ImageAttribute { ImageAttribute(.snapshotsOfImage) }
}

extension ResourceID {
    /// Whether it is an instance's, in either form.
    fileprivate var isInstance: Bool {
        switch self {
        case .instance: true
        case .image: false
        case .text(let id): id.hasBytes(prefix: "i-")
        }
    }
}

extension Subject.Kind {
    /// Calls about an image by an account, judged by one statement.
    static let calledImage = Subject.Kind(0x1080, .image, hasDiscriminator: true)
    /// Calls about an instance, its launch among them, judged by one statement.
    static let calledInstance = Subject.Kind(0x1081, .instance, hasDiscriminator: true)
    /// Calls about a snapshot, judged by one statement.
    static let calledSnapshot = Subject.Kind(0x1082, .snapshot, hasDiscriminator: true)
    /// Calls about the settings of an account and Region, judged by one statement.
    static let calledScope = Subject.Kind(0x1083, .accountRegion, hasDiscriminator: true)

    static let called = [calledImage, calledInstance, calledSnapshot, calledScope]
}

extension Subject {
    /// What calls at a key are judged as by a statement; nil for any other key.
    init?(calls key: FactKey, judgedBy statement: ExactText) {
        guard key.attribute == .calls, let scope = key.entity.scope else { return nil }
        let kind: Kind =
            switch key.entity.id {
            case .image?: .calledImage
            case let id? where id.isInstance: .calledInstance
            case .text(let id)? where id.hasBytes(prefix: "snap-"): .calledSnapshot
            case .some: .calledImage
            case nil: .calledScope
            }
        self.init(kind, scope, key.entity.id, .text(statement))
    }

    /// The calls that a statement judges; nil where it judges none of this kind.
    var calls: FactKey? {
        guard Kind.called.contains(kind) else { return nil }
        return FactKey(.calls, id.map { .resource(scope, $0) } ?? .accountRegion(scope))
    }
}

// What is told of a call: `resources`, those that it was authorised on as far as it names them, and by their places the
// values of condition keys, as `LaunchRequest.fields` has them; `session aws:userid` is one of the caller's session.

extension RecordFacts {
    /// What tells which calls were made.
    private static let callsMade: [CallFacts] =
        WatchedCall.allCases.filter { EventNames.authorised.contains($0.name) }.map { call in
            CallFacts(of: call) { call, told in told.tell(authorised: call) }
        } + [
            CallFacts(describing: "DescribeImages") { inventory, told in
                for image in inventory.images where !image.snapshots.isEmpty {
                    told.tell(image.id, isMadeOf: image.snapshots, at: inventory.isDated ? nil : .distantPast)
                }
            }
        ]

    /// The same, told only where there are statements.
    static let callsForStatements = callsMade.map { facts in
        var facts = facts
        facts.isForStatements = true
        return facts
    }

    private mutating func tell(
        _ image: ResourceID,
        isMadeOf snapshots: [ExactText],
        at time: EventTime? = nil
    ) {
        var fields = Fields()
        fields["snapshots"] = .texts(snapshots)
        add(.image(image, .snapshotsOfImage), .fields(fields), at: time)
    }

    private mutating func tell(authorised call: Call) {
        switch call {
        case .runInstances(let launch):
            let request = launch.request?.fields ?? Fields()
            for instance in launch.instances {
                var fields = request
                fields["image"] = instance.image.map { .text(ExactText($0.description)) }
                tell(.resource(scope, instance.id), fields)
            }
        case .createImage(let creation): tell(creation)
        case .deregisterImage(let image, _), .restoreImage(let image), .disableImage(let image),
            .enableImage(let image), .deprecateImage(let image, _), .cancelLaunchPermission(let image):
            tell(of: "image", ExactText(image.description))
        case .modifyLaunchPermission(let change): tellPermission("image", ExactText(change.image.description))
        case .resetLaunchPermission(let image): tellPermission("image", ExactText(image.description))
        case .changeTags(let change): tell(change)
        case .allowedImages, .imageCriteria, .blockPublicAccess: tell(.accountRegion(scope), Fields())
        case .other(let fields): tell(other: fields)
        case .terminateInstances, .membership, .inventory, .nothing, .unreadable: break
        }
    }

    private mutating func tell(_ entity: Entity, _ fields: Fields) {
        var fields = fields
        for (key, value) in session?.all ?? [] { fields[CallerKeys.name(of: key.string)] = value }
        add(FactKey(.calls, entity), .fields(fields))
    }

    /// A call about one resource, of which nothing more is told.
    private mutating func tell(of type: ExactText, _ id: ExactText, _ values: [ExactText: Fields.Value] = [:])
    {
        var fields = Fields()
        fields["resources"] = .texts(["\(type)/\(id)"])
        for (name, value) in values { fields[name] = value }
        tell(.resource(scope, ResourceID(id.string)), fields)
    }

    private mutating func tellPermission(_ type: ExactText, _ id: ExactText, _ fields: Fields = Fields()) {
        let name: ExactText = type == "image" ? "LaunchPermission" : "CreateVolumePermission"
        var values: [ExactText: Fields.Value] = ["0 ec2:attribute": .text(name)]
        for (list, key) in [("added", "add"), ("removed", "remove")] as [(ExactText, ExactText)] {
            let all = fields.texts(list)
            for (kind, isKind) in [("group", true), ("userid", false)] as [(ExactText, Bool)] {
                let some = all.filter { ($0 == "all") == isKind }
                // Of several accounts in one call AWS asks about each.
                if some.count < 2 {
                    values["0 ec2:\(key)/\(kind)"] = some.first.map { .text($0) } ?? .flag(false)
                }
            }
        }
        tell(of: type, id, values)
    }

    private mutating func tell(_ creation: ImageCreation) {
        guard let image = creation.image else { return }
        var fields = Fields()
        var resources: [ExactText] = ["image/*"]
        if !creation.imageTags.isEmpty { fields["tags image"] = .texts(creation.imageTags.pairs) }
        if !creation.snapshotTags.isEmpty { fields["tags snapshot"] = .texts(creation.snapshotTags.pairs) }
        switch creation.origin {
        case .instance(let instance): resources.append("instance/\(instance.description)")
        case .snapshots(let snapshots):
            for snapshot in snapshots {
                fields["\(resources.count) ec2:snapshotid"] = .text(snapshot)
                resources.append("snapshot/\(snapshot)")
            }
            if !image.isImportTask { tell(image, isMadeOf: snapshots) }
        case .imported: fields["tags import-image-task"] = fields["tags image"]
        case .copy, .restored, nil: break
        }
        fields["resources"] = .texts(resources)
        tell(.resource(scope, image), fields)
    }

    private mutating func tell(_ change: TagChange) {
        let pairs = change.tags.sorted { $0.key < $1.key }.flatMap { key, value in
            value.map { [key, $0] } ?? []
        }
        for id in Set(change.resources) {
            let types: [(prefix: String, type: ExactText)] = [
                ("ami-", "image"), ("i-", "instance"), ("snap-", "snapshot"),
            ]
            guard let type = types.first(where: { id.string.hasBytes(prefix: $0.prefix) })?.type else {
                continue
            }
            tell(
                of: type,
                id,
                ["tags \(type)": .texts(pairs), "keys \(type)": .texts(change.tags.keys.sorted())]
            )
        }
    }

    private mutating func tell(other fields: Fields) {
        if let image = fields.text("image") {
            tell(of: "image", image)
        } else if let instance = fields.text("instance") {
            tell(of: "instance", instance)
        } else if let snapshot = fields.text("snapshot") {
            let isChange = evidence.name.hasSameBytes(as: WatchedCall.modifySnapshotAttribute.name)
            let isReset = evidence.name.hasSameBytes(as: WatchedCall.resetSnapshotAttribute.name)
            if isChange || isReset {
                tellPermission("snapshot", snapshot, fields)
            } else {
                tell(of: "snapshot", snapshot)
            }
        }
    }
}

extension [ExactText: ExactText] {
    /// Each key followed by its value.
    fileprivate var pairs: [ExactText] { sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] } }
}

extension Fields {
    /// The images and instances that a call was authorised on.
    var usedIDs: [ResourceID] {
        var ids = id("image").map { [$0] } ?? []
        for resource in texts("resources") {
            for type in ["image/", "instance/"] where resource.string.hasBytes(prefix: type) {
                let id = resource.string.dropFirst(type.count)
                if id != "*" { ids.append(ResourceID(String(id))) }
            }
        }
        return ids
    }
}

extension Reach {
    /// Calls at the fact's own key, by every statement.
    static let callsByStatements = Reach("calls, by statements", brings: true) { key, _, affected in
        affected.insertCalls(key)
    }

    /// Calls that were authorised on the instance that the fact is about: they read its tags.
    static let callsUsingInstance = Reach("calls using the instance") { key, fact, affected in
        guard let id = key.entity.id, id.isInstance else { return }
        affected.insertCalls(using: key, from: fact.time) { $0.scope == key.entity.scope }
    }

    /// Calls that were authorised on an image, as of when they read what the fact tells.
    static func callsUsing(_ reading: Reading) -> Reach {
        Reach("calls using it, \(reading.rawValue)", isOfImage: reading == .always) { key, fact, affected in
            affected.insertCalls(using: key, from: reading == .always ? .distantPast : fact.time)
        }
    }

    /// The same, once a fact tells whether everybody may use an image.
    static let callsUsingWhatIsPublic = Reach("calls using it, if public") { key, fact, affected in
        if key.ofImage.grantee == .everyone { affected.insertCalls(using: key, from: fact.time) }
    }

    /// The launches that make volumes of an image's snapshots.
    static let launchesUsing = Reach("launches using it", isOfImage: true) { key, _, affected in
        affected.insertCalls(using: key, from: .distantPast) { $0.kind == .calledInstance }
    }
}

extension AffectedSubjects {
    fileprivate mutating func insertCalls(
        using key: FactKey,
        from time: EventTime,
        where isMeant: (Subject) -> Bool = { _ in true }
    ) {
        guard let id = key.entity.id else { return }
        state.indexes.callsUsing[id]?.forEach(from: time, until: nil) { insertCalls($0.key, where: isMeant) }
    }

    fileprivate mutating func insertCalls(_ key: FactKey, where isMeant: (Subject) -> Bool = { _ in true }) {
        for statement in inForce.statements {
            if let subject = Subject(calls: key, judgedBy: statement.name), isMeant(subject) {
                insert(subject)
            }
        }
    }
}

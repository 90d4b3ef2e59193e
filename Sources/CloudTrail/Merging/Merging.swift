extension Record {
    /// One record of two copies that say different things, as converters that drop fields make them: field by
    /// field what is present beats what is absent, then the greater bytes win.
    ///
    /// In any order and grouping, and however often a copy is merged, the same comes out.
    public func merged(with other: Record) -> Record {
        if self == other { return self }
        return Record(
            id: max(id, other.id),
            account: max(account, other.account),
            region: greater(region, other.region),
            time: max(time, other.time),
            name: greater(name, other.name),
            source: greater(source, other.source),
            error: greater(error, other.error),
            isErrorOfGuardrail: isErrorOfGuardrail || other.isErrorOfGuardrail,
            sharedEventID: greater(sharedEventID, other.sharedEventID),
            actor: actor.merged(with: other.actor),
            call: call.merged(with: other.call),
            isAddendum: isAddendum || other.isAddendum,
            session: session?.merged(with: other.session ?? Fields(), greater) ?? other.session
        )
    }
}

extension Actor {
    /// Field by field, as `Record.merged(with:)`.
    public func merged(with other: Actor) -> Actor {
        if self == other { return self }
        return Actor(
            arn: greater(arn, other.arn),
            type: greater(type, other.type),
            accountID: greater(accountID, other.accountID),
            invokedBy: greater(invokedBy, other.invokedBy),
            sourceIP: greater(sourceIP, other.sourceIP),
            userAgent: greater(userAgent, other.userAgent),
            issuerARN: greater(issuerARN, other.issuerARN)
        )
    }
}

extension Call {
    /// As `Record.merged(with:)`: a typed call beats `.nothing`, which beats `.unreadable`; within one kind field by
    /// field, a list counting as one field.
    public func merged(with other: Call) -> Call {
        if self == other { return self }
        guard rank == other.rank else { return rank > other.rank ? self : other }
        switch (self, other) {
        case (.runInstances(let left), .runInstances(let right)):
            return .runInstances(
                InstanceLaunch(
                    instances: greater(left.instances, right.instances) { $0.put($1) },
                    requestedImage: greater(left.requestedImage, right.requestedImage),
                    unread: both(left.unread, right.unread),
                    request: greater(left.request?.packed, right.request?.packed).map {
                        LaunchRequest(packed: $0)
                    }
                )
            )
        case (.terminateInstances(let left), .terminateInstances(let right)):
            return .terminateInstances(greater(left, right) { $0.put($1.description) })
        case (.createImage(let left), .createImage(let right)): return .createImage(left.merged(with: right))
        case (.deregisterImage(let left, let deleted), .deregisterImage(let right, let otherDeleted)):
            return .deregisterImage(
                max(left, right),
                deletedSnapshots: greater(deleted, otherDeleted) { $0.put($1.string) }
            )
        case (.restoreImage(let left), .restoreImage(let right)): return .restoreImage(max(left, right))
        case (.disableImage(let left), .disableImage(let right)): return .disableImage(max(left, right))
        case (.enableImage(let left), .enableImage(let right)): return .enableImage(max(left, right))
        case (.deprecateImage(let left, let time), .deprecateImage(let right, let otherTime)):
            return .deprecateImage(max(left, right), at: greater(time, otherTime))
        case (.modifyLaunchPermission(let left), .modifyLaunchPermission(let right)):
            return .modifyLaunchPermission(
                LaunchPermissionChange(
                    image: max(left.image, right.image),
                    added: greater(left.added, right.added) { $0.put($1) },
                    removed: greater(left.removed, right.removed) { $0.put($1) },
                    unread: both(left.unread, right.unread),
                    unreadRemoval: both(left.unreadRemoval, right.unreadRemoval)
                )
            )
        case (.resetLaunchPermission(let left), .resetLaunchPermission(let right)):
            return .resetLaunchPermission(max(left, right))
        case (.cancelLaunchPermission(let left), .cancelLaunchPermission(let right)):
            return .cancelLaunchPermission(max(left, right))
        case (.changeTags(let left), .changeTags(let right)):
            return .changeTags(
                TagChange(
                    resources: greater(left.resources, right.resources) { $0.put($1.string) },
                    tags: greater(left.tags, right.tags),
                    deletes: left.deletes || right.deletes
                )
            )
        case (.membership(let left), .membership(let right)) where left.isMember == right.isMember:
            return .membership(
                MembershipChange(
                    account: greater(left.account, right.account),
                    organization: greater(left.organization, right.organization),
                    isMember: left.isMember,
                    parent: greater(left.parent, right.parent),
                    formerParent: greater(left.formerParent, right.formerParent),
                    management: greater(left.management, right.management)
                )
            )
        case (.other(let left), .other(let right)):
            return .other(left.merged(with: right, greater))
        case (.imageCriteria(let left), .imageCriteria(let right)):
            return .imageCriteria(greater(left, right) { $0.put($1) })
        default: return byBytes(other)
        }
    }

    private func byBytes(_ other: Call) -> Call {
        CanonicalBytes.of { $0.put(self) }.lexicographicallyPrecedes(CanonicalBytes.of { $0.put(other) })
            ? other : self
    }
}

extension ImageCreation {
    fileprivate func merged(with other: ImageCreation) -> ImageCreation {
        ImageCreation(
            image: greater(image, other.image),
            name: greater(name, other.name),
            origin: Self.merged(origin, other.origin),
            imageTags: greater(imageTags, other.imageTags),
            snapshotTags: greater(snapshotTags, other.snapshotTags),
            copiesImageTags: copiesImageTags || other.copiesImageTags,
            unencryptedDevices: greater(unencryptedDevices, other.unencryptedDevices) { $0.put($1.string) }
        )
    }

    private static func merged(_ left: Origin?, _ right: Origin?) -> Origin? {
        if left == right { return left }
        switch (left, right) {
        case (.copy(let image, let region), .copy(let otherImage, let otherRegion)):
            return .copy(max(image, otherImage), region: greater(region, otherRegion))
        case (.restored(let bucket, let key), .restored(let otherBucket, let otherKey)):
            return .restored(bucket: greater(bucket, otherBucket), key: greater(key, otherKey))
        default:
            // The kind of the origin comes first in its bytes, and no origin before every kind.
            func bytes(_ origin: Origin?) -> [UInt8] {
                CanonicalBytes.of { $0.put(ImageCreation(image: nil, origin: origin)) }
            }
            return bytes(left).lexicographicallyPrecedes(bytes(right)) ? right : left
        }
    }
}

private func greater(_ left: String, _ right: String) -> String {
    left.bytesPrecede(right) ? right : left
}

private func greater(_ left: String?, _ right: String?) -> String? {
    guard let left, let right else { return left ?? right }
    return greater(left, right)
}

/// What neither copy could read: one that reads everything fills the gap.
private func both(_ left: ExactText?, _ right: ExactText?) -> ExactText? {
    guard let left, let right else { return nil }
    return max(left, right)
}

private func greater<Value: Comparable>(_ left: Value?, _ right: Value?) -> Value? {
    guard let left, let right else { return left ?? right }
    return max(left, right)
}

private func greater(_ left: Fields.Value, _ right: Fields.Value) -> Fields.Value {
    CanonicalBytes.of { $0.put(left) }.lexicographicallyPrecedes(CanonicalBytes.of { $0.put(right) })
        ? right : left
}

/// Of two lists one that is not empty, then the one with the greater bytes.
private func greater<Value>(
    _ left: [Value],
    _ right: [Value],
    _ each: (inout CanonicalBytes, Value) -> Void
) -> [Value] {
    if left.isEmpty { return right }
    if right.isEmpty { return left }
    let isLess = CanonicalBytes.of { $0.put(left, each) }
        .lexicographicallyPrecedes(CanonicalBytes.of { $0.put(right, each) })
    return isLess ? right : left
}

private func greater(
    _ left: [ExactText: ExactText?],
    _ right: [ExactText: ExactText?]
) -> [ExactText: ExactText?] {
    if left.isEmpty { return right }
    if right.isEmpty { return left }
    return CanonicalBytes.of { $0.put(left) }.lexicographicallyPrecedes(CanonicalBytes.of { $0.put(right) })
        ? right : left
}

private func greater(
    _ left: [ExactText: ExactText],
    _ right: [ExactText: ExactText]
) -> [ExactText: ExactText] {
    greater(left.mapValues { .some($0) }, right.mapValues { .some($0) }).compactMapValues { $0 }
}

internal import Cryptography

/// Writes values as bytes of which equal values, and only they, have the same.
///
/// Not a format: it is hashed and compared, never stored.
struct CanonicalBytes {
    private(set) var bytes: [UInt8] = []

    mutating func put(_ number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        put(Int64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    mutating func put(_ text: String?) {
        bytes.append(text == nil ? 0 : 1)
        if let text { put(text) }
    }

    mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    mutating func put<Value>(_ list: [Value], _ each: (inout CanonicalBytes, Value) -> Void) {
        put(Int64(list.count))
        for value in list { each(&self, value) }
    }

    mutating func put(_ text: ExactText?) { put(text?.string) }

    mutating func put(_ list: [ExactText]?) {
        bytes.append(list == nil ? 0 : 1)
        if let list { put(list) { $0.put($1.string) } }
    }

    mutating func put(_ tags: [ExactText: ExactText?]) {
        let sorted = tags.sorted { $0.key < $1.key }
        put(sorted) {
            $0.put($1.key.string)
            $0.put($1.value?.string)
        }
    }

    /// The bytes of one value.
    static func of(_ write: (inout CanonicalBytes) -> Void) -> [UInt8] {
        var canonical = CanonicalBytes()
        write(&canonical)
        return canonical.bytes
    }
}

extension CanonicalBytes {
    mutating func put(_ criterion: ImageCriterion) {
        put(criterion.providers)
        put(criterion.names)
        put(criterion.productCodes)
        put(criterion.maximumDaysSinceCreated.map { String($0) })
        put(criterion.maximumDaysSinceDeprecated.map { String($0) })
        put(criterion.unknown.mapValues { .some($0) })
    }

    mutating func put(_ instance: InstanceLaunch.Instance) {
        put(instance.id.description)
        put(instance.image?.description)
    }

    mutating func put(_ creation: ImageCreation) {
        put(creation.image?.description)
        put(creation.name)
        switch creation.origin {
        case nil: put(0)
        case .instance(let id):
            put(1)
            put(id.description)
        case .copy(let image, let region):
            put(2)
            put(image.description)
            put(region)
        case .snapshots(let snapshots):
            put(3)
            put(.some(snapshots))
        case .imported: put(4)
        case .restored(let bucket, let key):
            put(5)
            put(bucket)
            put(key)
        }
        put(creation.imageTags.mapValues { .some($0) })
        put(creation.snapshotTags.mapValues { .some($0) })
        put(creation.copiesImageTags)
        if !creation.unencryptedDevices.isEmpty { put(.some(creation.unencryptedDevices)) }
    }

    mutating func put(_ call: Call) {
        put(Int64(call.rank))
        switch call {
        case .nothing: break
        case .unreadable(let reason): put(reason.string)
        case .runInstances(let launch):
            put(launch.instances) { $0.put($1) }
            put(launch.requestedImage?.description)
            if let unread = launch.unread { put(unread.string) }
            if let request = launch.request {
                put(true)
                put(request.packed.string)
            }
        case .terminateInstances(let ids): put(ids) { $0.put($1.description) }
        case .createImage(let creation): put(creation)
        case .deregisterImage(let image, let deleted):
            put(image.description)
            if !deleted.isEmpty { put(.some(deleted)) }
        case .restoreImage(let image), .disableImage(let image), .enableImage(let image),
            .resetLaunchPermission(let image), .cancelLaunchPermission(let image):
            put(image.description)
        case .deprecateImage(let image, let time):
            put(image.description)
            put(time?.description)
        case .modifyLaunchPermission(let change):
            put(change.image.description)
            put(change.added) { $0.put($1) }
            put(change.removed) { $0.put($1) }
            if let unread = change.unread { put(unread.string) }
            if let unread = change.unreadRemoval {
                put(true)
                put(unread.string)
            }
        case .membership(let change):
            put(change.isMember)
            put(change.account?.description)
            put(change.organization?.string)
            if change.parent != nil || change.formerParent != nil {
                put(change.parent?.string)
                put(change.formerParent?.string)
            }
            if let management = change.management { put(management.description) }
        case .changeTags(let change):
            put(change.resources) { $0.put($1.string) }
            put(change.tags)
            put(change.deletes)
        case .allowedImages(let state): put(state.rawValue)
        case .imageCriteria(let criteria): put(criteria) { $0.put($1) }
        case .blockPublicAccess(let state): put(state.rawValue)
        case .other(let fields): put(fields)
        case .inventory(let inventory): put(InventoryMessage.content(of: inventory))
        }
    }

    mutating func put(_ fields: Fields) {
        put(fields.all) {
            $0.put($1.name.string)
            $0.put($1.value)
        }
    }

    mutating func put(_ value: Fields.Value) {
        switch value {
        case .text(let text):
            put(0)
            put(text.string)
        case .number(let number):
            put(1)
            put(number)
        case .flag(let flag):
            put(2)
            put(flag)
        case .texts(let texts):
            put(3)
            put(texts) { $0.put($1.string) }
        }
    }

    /// The kind too: an organization's text could be anything.
    mutating func put(_ grantee: Grantee) {
        switch grantee {
        case .account: put(0)
        case .everyone: put(1)
        case .organization: put(2)
        case .organizationalUnit: put(3)
        }
        put(grantee.description)
    }
}

extension Call {
    /// How much a call tells: anything typed more than nothing, and that more than what cannot be read.
    var rank: Int {
        switch self {
        case .unreadable: 0
        case .nothing: 1
        case .runInstances: 2
        case .terminateInstances: 3
        case .createImage: 4
        case .deregisterImage: 5
        case .disableImage: 6
        case .enableImage: 7
        case .deprecateImage: 8
        case .modifyLaunchPermission: 9
        case .resetLaunchPermission: 10
        case .cancelLaunchPermission: 11
        case .changeTags: 12
        case .allowedImages: 13
        case .imageCriteria: 14
        case .blockPublicAccess: 15
        case .inventory: 16
        case .restoreImage: 17
        case .membership: 18
        case .other: 19
        }
    }
}

extension Record {
    /// An id for a record that has none: a hash of what was decoded, and of the request's id, so that it is the
    /// same in every envelope.
    func hashedID(requestID: String?) -> EventID {
        let bytes = CanonicalBytes.of {
            $0.put(name)
            $0.put(source)
            $0.put(time.seconds)
            $0.put(region)
            $0.put(error)
            if isErrorOfGuardrail { $0.put(true) }
            $0.put(sharedEventID)
            $0.put(requestID)
            for text in [
                actor.arn, actor.type, actor.accountID?.description, actor.invokedBy, actor.sourceIP,
                actor.userAgent,
                actor.issuerARN,
            ] {
                $0.put(text)
            }
            $0.put(call)
        }
        return .text("sha256/" + bytes.withUnsafeBytes { SHA256.hex(of: $0) })
    }
}

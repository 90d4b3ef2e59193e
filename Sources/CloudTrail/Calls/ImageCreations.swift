// The calls that make images, and those that tag them.

extension WatchedCall {
    /// Makes an image of an instance.
    public static let createImage = WatchedCall("CreateImage", created)
    /// Copies an image, from another Region too.
    public static let copyImage = WatchedCall("CopyImage", created)
    /// Makes an image of snapshots or of files in S3.
    public static let registerImage = WatchedCall("RegisterImage", created)
    /// Makes an image of disk files.
    public static let importImage = WatchedCall("ImportImage", created)
    /// Makes an image of an S3 object.
    public static let createRestoreImageTask = WatchedCall("CreateRestoreImageTask", created)
    /// Sets tags.
    public static let createTags = WatchedCall("CreateTags") { (parameters) throws(Unreadable) in
        .changeTags(try TagChange(parameters, deletes: false))
    }
    /// Removes tags.
    public static let deleteTags = WatchedCall("DeleteTags") { (parameters) throws(Unreadable) in
        .changeTags(try TagChange(parameters, deletes: true))
    }

    private static func created(_ parameters: Parameters) throws(Unreadable) -> Call {
        .createImage(try ImageCreation(parameters))
    }
}

extension ImageCreation {
    /// Reads the calls that make an image.
    ///
    /// A successful one names it in its response.
    init(_ parameters: Parameters) throws(Unreadable) {
        var image = parameters.answer("imageId")?.id
        if image == nil, parameters.call == .importImage { image = parameters.answer("importTaskId")?.id }
        if image == nil, !parameters.failed { throw Unreadable("the response names no image") }
        let request = try parameters.requestFields()
        self.init(
            image: image,
            name: request?.field("name")?.exact,
            origin: request.flatMap { Self.origin(parameters.call, $0) }
        )
        unencryptedDevices =
            (request?.blockDevices).list.compactMap {
                $0.field("ebs")?.field("encrypted")?.flag == false ? $0.field("deviceName")?.exact : nil
            }.sortedOnce
        copiesImageTags = parameters.call == .copyImage && request?.field("copyImageTags")?.flag ?? false
        let specifications =
            request?.field("tagSpecificationSet") ?? request?.field("tagSpecification")
            ?? request?.field("tagSpecifications")
        for specification in specifications.list {
            let tags = try specification.tags().mapValues { $0 ?? "" }
            switch specification.field("resourceType")?.plain {
            case "image": imageTags.merge(tags) { $1 }
            case "snapshot": snapshotTags.merge(tags) { $1 }
            case "import-image-task" where parameters.call == .importImage:
                imageTags.merge(tags) { $1 }
                snapshotTags.merge(tags) { $1 }
            default: break
            }
        }
    }

    private static func origin(_ call: WatchedCall, _ request: JSONValue) -> Origin? {
        switch call {
        case .createImage: return request.field("instanceId")?.id.map { .instance($0) }
        case .copyImage:
            return request.field("sourceImageId")?.id.map {
                .copy($0, region: request.field("sourceRegion")?.exact)
            }
        case .registerImage:
            let snapshots = request.blockDevices.list.compactMap {
                $0.field("ebs")?.field("snapshotId")?.exact
            }
            return .snapshots(snapshots.sortedOnce)
        case .importImage: return .imported
        case .createRestoreImageTask:
            return .restored(bucket: request.field("bucket")?.exact, key: request.field("objectKey")?.exact)
        default: return nil
        }
    }
}

extension JSONValue {
    /// What an image is made of.
    fileprivate var blockDevices: JSONValue? { field("blockDeviceMapping") ?? field("blockDeviceMappings") }

    /// The tags that a member of this object lists, in any of the forms that EC2 has for it.
    ///
    /// Not every tag has a value.
    func tags() throws(Unreadable) -> [ExactText: ExactText?] {
        // In the wrapped dialect `Tag` is the list, and `tag` the place of this object in a list of its own.
        let list =
            member("Tag") ?? field("tagSet") ?? field("tags")
            ?? member("tag").flatMap { $0.isObject || $0.isArray ? $0 : nil }
        var tags: [ExactText: ExactText?] = [:]
        for tag in list.list {
            guard let key = tag.field("key")?.plain else { throw Unreadable("a tag of an unknown shape") }
            let value = tag.field("value")
            let text = value?.isObject ?? false ? value?.member("content")?.scalar : value?.scalar
            if let value, !value.isNull, text == nil { throw Unreadable("a tag of an unknown shape") }
            tags[ExactText(key)] = .some(text.map { ExactText($0) })
        }
        return tags
    }
}

extension TagChange {
    /// Reads `CreateTags` and `DeleteTags`: every resource gets, or loses, every tag.
    init(_ parameters: Parameters, deletes: Bool) throws(Unreadable) {
        guard let request = try parameters.requestFields(),
            let named = request.field("resourcesSet") ?? request.field("resourceId")
                ?? request.field("resources")
        else { throw Unreadable("no resource is named") }
        var resources: [ExactText] = []
        for item in named.list {
            guard let resource = item.field("resourceId")?.plain ?? item.plain else {
                throw Unreadable("a resource of an unknown shape")
            }
            resources.append(ExactText(resource))
        }
        guard !resources.isEmpty else { throw Unreadable("no resource is named") }
        let tags = try request.tags()
        self.init(
            resources: resources.sortedOnce,
            tags: deletes || !tags.values.contains(nil) ? tags : tags.mapValues { .some($0 ?? "") },
            deletes: deletes
        )
        if tags.isEmpty, !deletes { throw Unreadable("no tag is named") }
    }
}

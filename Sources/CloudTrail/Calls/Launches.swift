// The calls that begin and end instances.

extension WatchedCall {
    /// Starts instances.
    public static let runInstances = WatchedCall("RunInstances") { (parameters) throws(Unreadable) in
        .runInstances(try InstanceLaunch(parameters))
    }
    /// Ends instances.
    public static let terminateInstances = WatchedCall("TerminateInstances", terminated)
    /// AWS takes Spot instances back, and tells it.
    public static let bidEvicted = WatchedCall("BidEvictedEvent", isUse: false, evicted)

    private static func terminated(_ parameters: Parameters) throws(Unreadable) -> Call {
        var ids: [ResourceID] = []
        for side in [parameters.response.value, parameters.request.value] where ids.isEmpty {
            ids = (side?.field("instancesSet") ?? side?.field("instanceId")).list.compactMap {
                $0.field("instanceId")?.id ?? $0.id
            }
        }
        if ids.isEmpty {
            _ = try parameters.requestFields()
            throw Unreadable("no instance is named")
        }
        return .terminateInstances(ids.sortedOnce)
    }

    /// Spot instances that AWS has ended: no call names them.
    private static func evicted(_ parameters: Parameters) throws(Unreadable) -> Call {
        let ids = (parameters.details?.field("instanceIdSet")).list.compactMap {
            $0.field("instanceId")?.id ?? $0.id
        }
        guard !ids.isEmpty else { throw Unreadable("serviceEventDetails name no instance") }
        return .terminateInstances(ids.sortedOnce)
    }
}

extension InstanceLaunch {
    /// Reads `RunInstances`: the image of each instance from the response, else from the request.
    init(_ parameters: Parameters) throws(Unreadable) {
        let request = parameters.request.value
        let named = request?.field("instancesSet").list.lazy.compactMap { $0.field("imageId")?.id }.first {
            _ in true
        }
        var image = named ?? request?.field("imageId")?.id
        // Stands for an image that only the response names.
        if case .text(let text) = image, text.hasBytes(prefix: "resolve:") { image = nil }
        if parameters.failed {
            _ = try parameters.requestFields()
            self.init(instances: [], requestedImage: image)
            return
        }
        if case .omitted = parameters.response {
            throw Unreadable("CloudTrail omitted responseElements because they are too large")
        }
        var instances: [Instance] = []
        var unread: ExactText?
        for item in parameters.answer("instancesSet").list {
            let (instance, itsImage) = item.fields("instanceId", "imageId")
            if let id = instance?.id {
                instances.append(Instance(id: id, image: itsImage?.id ?? image))
            } else {
                unread = "an instance without instanceId"
            }
        }
        guard !instances.isEmpty else { throw Unreadable(unread ?? "the response names no instance") }
        if instances.count > 1 {
            instances.sort { $0.id < $1.id }
            for index in instances.indices.dropFirst().reversed()
            where instances[index].id == instances[index - 1].id {
                instances.remove(at: index)
            }
        }
        self.init(
            instances: instances,
            requestedImage: image,
            unread: unread,
            request: parameters.readsLaunchRequest ? LaunchRequest(parameters) : nil
        )
    }
}

extension WatchedCall {
    /// Reads a call's parameters.
    ///
    /// A successful call whose parameters cannot be read is `.unreadable`; a failed one tells nothing then.
    func decode(_ parameters: Parameters) -> Call {
        do throws(Unreadable) {
            return try read(parameters)
        } catch {
            return parameters.failed ? .nothing : .unreadable(error.reason)
        }
    }

    private func read(_ parameters: Parameters) throws(Unreadable) -> Call {
        switch self {
        case .runInstances: try .runInstances(InstanceLaunch(parameters))
        case .terminateInstances: try terminated(parameters)
        case .bidEvicted: try evicted(parameters)
        case .createImage, .copyImage, .registerImage, .importImage, .createRestoreImageTask:
            try .createImage(ImageCreation(parameters))
        case .deregisterImage: .deregisterImage(try parameters.requestedImage())
        case .restoreImage: .restoreImage(try parameters.requestedImage())
        case .disableImage: .disableImage(try parameters.requestedImage())
        case .enableImage: .enableImage(try parameters.requestedImage())
        case .enableImageDeprecation:
            .deprecateImage(try parameters.requestedImage(), at: try deprecation(parameters))
        case .disableImageDeprecation: .deprecateImage(try parameters.requestedImage(), at: nil)
        case .modifyImageAttribute: try modifiedAttribute(parameters)
        case .resetImageAttribute: try resetAttribute(parameters)
        case .cancelImageLaunchPermission: .cancelLaunchPermission(try parameters.requestedImage())
        case .createTags: .changeTags(try TagChange(parameters, deletes: false))
        case .deleteTags: .changeTags(try TagChange(parameters, deletes: true))
        case .enableAllowedImagesSettings, .disableAllowedImagesSettings: try allowedImages(parameters)
        case .replaceImageCriteria: .imageCriteria(try ImageCriterion.list(parameters))
        case .enableImageBlockPublicAccess, .disableImageBlockPublicAccess: try blockPublicAccess(parameters)
        case .createAccountResult, .accountJoined, .acceptHandshake, .moveAccount, .removeAccount,
            .leaveOrganization, .accountDeparted, .closeAccountResult:
            try membership(parameters)
        }
    }

    private func terminated(_ parameters: Parameters) throws(Unreadable) -> Call {
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
    private func evicted(_ parameters: Parameters) throws(Unreadable) -> Call {
        let ids = (parameters.details?.field("instanceIdSet")).list.compactMap {
            $0.field("instanceId")?.id ?? $0.id
        }
        guard !ids.isEmpty else { throw Unreadable("serviceEventDetails name no instance") }
        return .terminateInstances(ids.sortedOnce)
    }

    private func deprecation(_ parameters: Parameters) throws(Unreadable) -> EventTime {
        guard let text = try parameters.requestFields()?.field("deprecateAt")?.plain else {
            throw Unreadable("deprecateAt is missing")
        }
        guard let time = EventTime(text) else { throw Unreadable("deprecateAt is not a valid date") }
        return time
    }

    private func allowedImages(_ parameters: Parameters) throws(Unreadable) -> Call {
        if let text = parameters.answer("allowedImagesSettingsState")?.plain {
            return .allowedImages(try state(text))
        }
        if self == .disableAllowedImagesSettings { return .allowedImages(.disabled) }
        guard let text = try parameters.requestFields()?.field("allowedImagesSettingsState")?.plain else {
            throw Unreadable("allowedImagesSettingsState is missing")
        }
        return .allowedImages(try state(text))
    }

    private func blockPublicAccess(_ parameters: Parameters) throws(Unreadable) -> Call {
        for name in ["imageBlockPublicAccessState", "return", "_return"] as [StaticString] {
            guard let text = parameters.answer(name)?.plain else { continue }
            if text != "true" { return .blockPublicAccess(try state(text)) }
        }
        if self == .disableImageBlockPublicAccess { return .blockPublicAccess(.unblocked) }
        guard let text = try parameters.requestFields()?.field("imageBlockPublicAccessState")?.plain else {
            throw Unreadable("imageBlockPublicAccessState is missing")
        }
        return .blockPublicAccess(try state(text))
    }

    private func state<State: RawRepresentable<String>>(_ text: String) throws(Unreadable) -> State {
        guard let state = State(rawValue: text) else { throw Unreadable("unknown state \(text)") }
        return state
    }
}

// Calls that plan launches: `plan`, the id of the template, the fleet or the request, or the name of the configuration;
// `images`, those that it names; `ended`, that it is gone.

extension WatchedCall {
    /// Makes a launch template.
    public static let createLaunchTemplate = plan("CreateLaunchTemplate", template)
    /// Makes another version of a launch template.
    public static let createLaunchTemplateVersion = plan("CreateLaunchTemplateVersion", template)
    /// Removes a launch template with all its versions.
    public static let deleteLaunchTemplate = plan("DeleteLaunchTemplate") { parameters in
        Plan(id: templateID(parameters), hasEnded: true)
    }
    /// Makes a launch configuration of Auto Scaling.
    public static let createLaunchConfiguration = plan("CreateLaunchConfiguration", of: .autoScaling) {
        let request = $0.request.value
        return Plan(
            id: request?.field("launchConfigurationName")?.exact,
            images: [request?.field("imageId")?.exact]
        )
    }
    /// Removes a launch configuration.
    public static let deleteLaunchConfiguration = plan("DeleteLaunchConfiguration", of: .autoScaling) {
        Plan(id: $0.request.value?.field("launchConfigurationName")?.exact, hasEnded: true)
    }
    /// Starts a fleet, which may launch from other images than its templates name.
    public static let createFleet = plan("CreateFleet") { parameters in
        Plan(id: parameters.answer("fleetId")?.exact, images: overrides(parameters.request.value))
    }
    /// Asks for Spot instances.
    public static let requestSpotInstances = plan("RequestSpotInstances") { parameters in
        let requests = parameters.answer("spotInstanceRequestSet").list.compactMap {
            $0.field("spotInstanceRequestId")?.exact
        }
        return Plan(
            id: requests.min(),
            images: [parameters.request.value?.field("launchSpecification")?.field("imageId")?.exact]
        )
    }
    /// Asks for a fleet of Spot instances.
    public static let requestSpotFleet = plan("RequestSpotFleet") { parameters in
        let configuration = parameters.request.value?.field("spotFleetRequestConfig")
        let specifications = configuration?.field("launchSpecifications").list.map {
            $0.field("imageId")?.exact
        }
        return Plan(
            id: parameters.answer("spotFleetRequestId")?.exact,
            images: (specifications ?? []) + overrides(configuration)
        )
    }

    /// All of these.
    public static let plans = [
        createLaunchTemplate, createLaunchTemplateVersion, deleteLaunchTemplate, createLaunchConfiguration,
        deleteLaunchConfiguration, createFleet, requestSpotInstances, requestSpotFleet,
    ]

    /// What a call plans.
    private struct Plan {
        var id: ExactText?
        var images: [ExactText?] = []
        var hasEnded = false
    }

    private static func plan(
        _ name: String,
        of service: Service = .ec2,
        _ read: @escaping @Sendable (Parameters) -> Plan
    ) -> WatchedCall {
        WatchedCall(name, of: service, isUse: service.source == source) { (parameters) throws(Unreadable) in
            _ = try parameters.requestFields()
            let plan = read(parameters)
            let images = plan.images.compactMap(\.self).sortedOnce
            // Where a template names none, whoever uses it does.
            if images.isEmpty, !plan.hasEnded { return .nothing }
            guard let id = plan.id else { throw Unreadable("what it plans has no id") }
            var fields = Fields()
            fields["plan"] = .text(id)
            if plan.hasEnded { fields["ended"] = .flag(true) } else { fields["images"] = .texts(images) }
            return .other(fields)
        }
    }

    private static func template(_ parameters: Parameters) -> Plan {
        let answered = parameters.answer("launchTemplateVersion")?.field("launchTemplateData")?.field(
            "imageId"
        )
        let asked = parameters.request.value?.field("launchTemplateData")?.field("imageId")
        return Plan(id: templateID(parameters), images: [(answered ?? asked)?.exact])
    }

    private static func templateID(_ parameters: Parameters) -> ExactText? {
        let answered = parameters.answer("launchTemplate") ?? parameters.answer("launchTemplateVersion")
        return
            (answered?.field("launchTemplateId") ?? parameters.request.value?.field("launchTemplateId")
            ?? parameters.request.value?.field("launchTemplateName"))?.exact
    }

    private static func overrides(_ request: JSONValue?) -> [ExactText?] {
        let configurations = request?.field("launchTemplateConfigs")
        return configurations.list.flatMap { configuration in
            configuration.field("overrides").list.map { $0.field("imageId")?.exact }
        }
    }
}

// Calls that change what CloudTrail records: `trail`, its name; `logging`, whether it records from then on; `deleted`; of its
// settings those that are known then, and under `changed` the names of those that the call asked for; `management writes`,
// whether it records what changes an account.

extension WatchedCall {
    /// Makes a trail, which records nothing yet.
    public static let createTrail = ofTrail("CreateTrail", settings)
    /// Changes a trail's settings.
    public static let updateTrail = ofTrail("UpdateTrail", settings)
    /// Removes a trail.
    public static let deleteTrail = ofTrail("DeleteTrail") { fields, _ in
        (fields["logging"], fields["deleted"]) = (.flag(false), .flag(true))
    }
    /// Has a trail record.
    public static let startLogging = ofTrail("StartLogging") { fields, _ in fields["logging"] = .flag(true) }
    /// Has a trail record nothing more.
    public static let stopLogging = ofTrail("StopLogging") { fields, _ in fields["logging"] = .flag(false) }
    /// Says which events a trail records.
    public static let putEventSelectors = ofTrail("PutEventSelectors") { fields, parameters in
        func list(_ name: StaticString) -> JSONValue? {
            (parameters.request.value?.field(name) ?? parameters.answer(name)).flatMap {
                $0.isNull ? nil : $0
            }
        }
        if let selectors = list("advancedEventSelectors") {
            fields["management writes"] = .flag(selectors.list.contains(where: \.selectsManagementWrites))
        } else if let selectors = list("eventSelectors") {
            fields["management writes"] = .flag(selectors.list.contains(where: \.includesManagementWrites))
        }
    }

    /// All of these.
    public static let trails = [
        createTrail, updateTrail, deleteTrail, startLogging, stopLogging, putEventSelectors,
    ]

    private static func ofTrail(
        _ name: String,
        _ read: @escaping @Sendable (inout Fields, Parameters) -> Void
    ) -> WatchedCall {
        WatchedCall(name, of: .cloudTrail, isUse: false) { (parameters) throws(Unreadable) in
            let request = try parameters.requestFields()
            guard let trail = (request?.field("name") ?? request?.field("trailName"))?.plain else {
                throw Unreadable("the trail's name is missing")
            }
            var fields = Fields()
            // Also as arn:aws:cloudtrail:…:trail/NAME.
            fields["trail"] = (trail.split(separator: "/").last).map { .text(ExactText(String($0))) }
            read(&fields, parameters)
            return .other(fields)
        }
    }

    private static func settings(_ fields: inout Fields, _ parameters: Parameters) {
        let settings: [(ExactText, asked: StaticString, told: StaticString)] = [
            ("all Regions", "isMultiRegionTrail", "isMultiRegionTrail"),
            ("log file validation", "enableLogFileValidation", "logFileValidationEnabled"),
            ("the organization", "isOrganizationTrail", "isOrganizationTrail"),
        ]
        var changed: [ExactText] = []
        for (name, asked, told) in settings {
            let wanted = parameters.request.value?.field(asked)?.flag
            if wanted != nil { changed.append(name) }
            if let value = parameters.answer(told)?.flag ?? wanted { fields[name] = .flag(value) }
        }
        fields["changed"] = .texts(changed)
    }
}

extension JSONValue {
    /// Whether an event selector takes in the calls of EC2 that change something.
    fileprivate var includesManagementWrites: Bool {
        field("includeManagementEvents")?.flag ?? true
            && field("readWriteType")?.plain != "ReadOnly"
            && !field("excludeManagementEventSources").list.contains { $0.plain == WatchedCall.source }
    }

    /// The same of an advanced one, whose conditions must all hold.
    fileprivate var selectsManagementWrites: Bool {
        var isOfManagement = false
        for condition in field("fieldSelectors").list {
            func admits(_ value: String) -> Bool {
                let equals = condition.field("equals").list.compactMap(\.plain)
                let not = condition.field("notEquals").list.compactMap(\.plain)
                return (equals.isEmpty || equals.contains(value)) && !not.contains(value)
            }
            switch condition.field("field")?.plain {
            case "eventCategory":
                guard admits("Management") else { return false }
                isOfManagement = true
            case "readOnly": guard admits("false") else { return false }
            case "eventSource": guard admits(WatchedCall.source) else { return false }
            default: break
            }
        }
        return isOfManagement
    }
}

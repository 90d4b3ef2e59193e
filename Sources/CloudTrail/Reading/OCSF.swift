extension RecordDecoder {
    /// The record of an OCSF API Activity (class 6003), as Security Lake and its mappings make it of CloudTrail's;
    /// nil for any other call, and for classes that are about no call. https://schema.ocsf.io/classes/api_activity
    func decodeOCSF(_ object: JSONValue) throws(Refusal) -> Record? {
        let event = OCSFEvent(object)
        if event.isNetworkActivity { return nil }
        guard let name = try frameText(event.api.operation, "api.operation") else {
            if event.classID?.integer == 6003 {
                throw Refusal(.unreadableName, "api.operation is missing or empty")
            }
            return nil
        }
        guard let call = WatchedCall.named(name) else { return nil }
        guard let source = try frameText(event.api.service, "api.service.name") else {
            throw Refusal(.unreadableSource, "api.service.name is missing or empty")
        }
        guard source == call.sourceText else { return nil }
        guard let time = event.eventTime else { throw Refusal(.unreadableTime, "time is missing or no date") }
        var error = try frameText(event.api.error, "api.response.error")?.string
        if error == nil, event.status?.integer == 2 { error = "Failure" }
        let parameters = parameters(
            call,
            event.api.request,
            event.api.response,
            event.details,
            failed: error != nil
        )
        guard
            let account = context.known ?? AccountID(event.unmapped?.member("recipientAccountId"))
                ?? context.enclosing ?? AccountID(event.account) ?? parameters.owner
                ?? AccountID(event.user?.member("account")?.member("uid"))
        else {
            throw noAccount(
                [
                    event.unmapped?.member("recipientAccountId"), event.account,
                    event.user?.member("account")?.member("uid"),
                ],
                "unmapped.recipientAccountId, cloud.account or actor.user.account"
            )
        }
        let region = try frameText(event.region, "cloud.region")
        let corrected = originalEventID(event.unmapped?.member("addendum"))
        let eventID = if let corrected { corrected } else { try frameText(event.uid, "metadata.uid") }
        let record = Record(
            id: eventID.map { EventID(utf8: $0.bytes) } ?? .text(""),
            account: account,
            region: region?.string ?? "",
            time: time,
            name: call.name,
            source: call.source,
            error: error,
            isErrorOfGuardrail: error != nil && event.api.errorMessage?.text?.namesGuardrail ?? false,
            sharedEventID: event.unmapped?.member("sharedEventID")?.text?.nonEmptyString,
            actor: event.caller,
            call: call.decode(parameters),
            isAddendum: corrected != nil
        )
        return eventID == nil ? identified(record, requestID: event.api.requestID) : record
    }
}

/// Where OCSF keeps what CloudTrail's frame says.
private struct OCSFEvent {
    /// `api`: what was called for and answered.
    struct API {
        var operation: JSONValue?
        var service: JSONValue?
        var request: JSONValue?
        var response: JSONValue?
        var requestID: JSONValue?
        var error: JSONValue?
        var errorMessage: JSONValue?

        init() {}

        init(_ value: JSONValue) {
            operation = value.member("operation")
            service = value.member("service")?.member("name")
            request = value.member("request")?.member("data")
            requestID = value.member("request")?.member("uid")
            response = value.member("response")?.member("data")
            error = value.member("response")?.member("error")
            errorMessage = value.member("response")?.member("message")
        }
    }

    var classID: JSONValue?
    var api = API()
    var status: JSONValue?
    var time: JSONValue?
    var timeText: JSONValue?
    var uid: JSONValue?
    var metadata: JSONValue?
    var region: JSONValue?
    var account: JSONValue?
    var user: JSONValue?
    var actor: JSONValue?
    var endpoint: JSONValue?
    var userAgent: JSONValue?
    var unmapped: JSONValue?

    init(_ object: JSONValue) {
        var metadataTime: JSONValue?
        for (key, value) in object.members {
            switch key.count {
            case 3 where key == "api": api = API(value)
            case 4 where key == "time": time = value
            case 5 where key == "actor":
                actor = value
                user = value.member("user")
            case 5 where key == "cloud":
                region = value.member("region")
                account = value.member("account")?.member("uid")
            case 7 where key == "time_dt": timeText = value
            case 8 where key == "metadata":
                uid = value.member("uid")
                metadata = value
                metadataTime = value.member("original_time")
            case 8 where key == "unmapped": unmapped = value
            case 9 where key == "class_uid": classID = value
            case 9 where key == "status_id": status = value
            case 12 where key == "src_endpoint": endpoint = value
            case 12 where key == "http_request": userAgent = value.member("user_agent")
            default: break
            }
        }
        timeText = timeText ?? metadataTime
    }

    /// Whether CloudTrail's `eventType`, which mappings keep in different places, is that of network activity events.
    var isNetworkActivity: Bool {
        isNetworkActivityType(metadata?.member("event_code"))
            || isNetworkActivityType(metadata?.member("log_name"))
            || isNetworkActivityType(unmapped?.member("eventType"))
    }

    var details: JSONValue? { unmapped?.member("serviceEventDetails") }

    /// `time` in milliseconds, else as text.
    var eventTime: EventTime? {
        if let milliseconds = time?.integer {
            let seconds = milliseconds / 1000
            return EventTime(seconds: milliseconds % 1000 < 0 ? seconds - 1 : seconds)
        }
        return timeText?.text.flatMap { EventTime(utf8: $0.bytes) }
    }

    var caller: Actor {
        // Which of the ids is the ARN changed from version to version.
        let names: [StaticString] = ["uid", "uuid", "uid_alt", "arn"]
        let arn = names.lazy.compactMap { user?.member($0)?.text }.first { $0.hasPrefix("arn:") }
        return Actor(
            arn: arn?.string,
            type: user?.member("type")?.text?.nonEmptyString,
            accountID: AccountID(user?.member("account")?.member("uid")),
            invokedBy: actor?.member("invoked_by")?.text?.nonEmptyString,
            sourceIP: (endpoint?.member("ip") ?? endpoint?.member("domain"))?.text?.nonEmptyString,
            userAgent: userAgent?.text?.nonEmptyString,
            issuerARN: actor?.member("session")?.member("issuer")?.text?.nonEmptyString
        )
    }
}

/// Decodes a record whose members were found: judges its frame, then its call.
struct RecordDecoder {
    let reader: RecordReader
    let context: RecordReader.Context

    /// The record of a watched call; nil for any other call.
    func decode(_ frame: Frame) throws(Refusal) -> Record? {
        guard let name = try frameText(frame.eventName, "eventName") else {
            throw Refusal(.unreadableName, "eventName is missing or empty")
        }
        guard let call = WatchedCall(name: name) else { return nil }
        guard let source = try frameText(frame.eventSource, "eventSource") else {
            throw Refusal(.unreadableSource, "eventSource is missing or empty")
        }
        guard source == WatchedCall.sourceText else { return nil }
        guard let timeText = try frameText(frame.eventTime, "eventTime") else {
            throw Refusal(.unreadableTime, "eventTime is missing or empty")
        }
        guard let time = EventTime(utf8: timeText.bytes) else {
            throw Refusal(.unreadableTime, "eventTime is no date")
        }
        let error = try frameText(frame.errorCode, "errorCode")?.string
        let identity = try frameObject(frame.userIdentity, "userIdentity")
        let parameters = parameters(
            call,
            frame.requestParameters,
            frame.responseElements,
            failed: error != nil
        )
        guard
            let account = context.known ?? AccountID(frame.recipientAccountID) ?? context.enclosing
                ?? parameters.owner ?? AccountID(identity?.member("accountId"))
        else { throw Refusal(.noAccount, "no source of the account has 12 digits") }
        return finished(
            Record(
                id: .text(""),
                account: account,
                region: try frameText(frame.awsRegion, "awsRegion")?.string ?? "",
                time: time,
                name: call.rawValue,
                source: WatchedCall.source,
                error: error,
                sharedEventID: try frameText(frame.sharedEventID, "sharedEventID")?.string,
                actor: try actor(frame, identity),
                call: call.decode(parameters)
            ),
            eventID: try frameText(frame.eventID, "eventID"),
            requestID: frame.requestID
        )
    }

    func parameters(
        _ call: WatchedCall,
        _ request: JSONValue?,
        _ response: JSONValue?,
        failed: Bool
    ) -> Parameters {
        Parameters(
            call: call,
            request: request,
            response: response,
            failed: failed,
            // Parameters that are JSON in a string need parsers of their own: this level's still holds the record.
            levels: (reader.level(context.level + 1), reader.level(context.level + 2))
        )
    }

    /// The record with its id: a hash where it has none.
    func finished(_ record: Record, eventID: UTF8Text?, requestID: JSONValue?) -> Record {
        var record = record
        record.id =
            eventID.map { EventID(utf8: $0.bytes) }
            ?? record.hashedID(requestID: requestID?.text?.nonEmptyString)
        return record
    }

    private func actor(_ frame: Frame, _ identity: JSONValue?) throws(Refusal) -> Actor {
        var arn: JSONValue?
        var type: JSONValue?
        var account: JSONValue?
        var invokedBy: JSONValue?
        var session: JSONValue?
        if let identity {
            for (key, value) in identity.members {
                switch key.count {
                case 3 where key == "arn": arn = value
                case 4 where key == "type": type = value
                case 9 where key == "accountId": account = value
                case 9 where key == "invokedBy": invokedBy = value
                case 14 where key == "sessionContext": session = value
                default: break
                }
            }
        }
        return Actor(
            arn: try frameText(arn, "userIdentity.arn")?.string,
            type: try frameText(type, "userIdentity.type")?.string,
            accountID: AccountID(account),
            invokedBy: try frameText(invokedBy, "userIdentity.invokedBy")?.string,
            sourceIP: try frameText(frame.sourceIPAddress, "sourceIPAddress")?.string,
            userAgent: try frameText(frame.userAgent, "userAgent")?.string,
            issuerARN: session?.member("sessionIssuer")?.member("arn")?.text?.nonEmptyString
        )
    }
}

extension UTF8Text {
    /// A copy; nil when there is nothing.
    var nonEmptyString: String? { isEmpty ? nil : string }
}

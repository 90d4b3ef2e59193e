/// Judges the frame of a record whose members were found.
struct RecordDecoder {
    let reader: RecordReader
    let context: RecordReader.Context

    /// The frame of a watched call; nil for any other call.
    func judge(_ frame: Frame) throws(Refusal) -> SoundFrame? {
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
            throw Refusal(.unreadableTime, "eventTime is not a valid date")
        }
        let error = try frameText(frame.errorCode, "errorCode")
        let identity = try frameObject(frame.userIdentity, "userIdentity")
        guard
            let account = context.known ?? AccountID(frame.recipientAccountID) ?? context.enclosing
                ?? parameters(
                    call,
                    frame.requestParameters,
                    frame.responseElements,
                    nil,
                    failed: error != nil
                )
                .owner
                ?? AccountID(identity?.member("accountId"))
        else { throw Refusal(.noAccount, "no 12-digit account id in recipientAccountId or userIdentity") }
        let region = try frameText(frame.awsRegion, "awsRegion")
        let sharedEventID = try frameText(frame.sharedEventID, "sharedEventID")
        return SoundFrame(
            decoder: self,
            call: call,
            account: account,
            time: time,
            error: error,
            errorMessage: frame.errorMessage,
            region: region,
            sharedEventID: sharedEventID,
            caller: try Caller(identity, frame),
            eventID: try frameText(frame.eventID, "eventID"),
            requestID: frame.requestID,
            request: frame.requestParameters,
            response: frame.responseElements,
            details: frame.serviceEventDetails
        )
    }

    /// The account that a refused record names, without a look at its parameters.
    func account(of frame: Frame) -> AccountID? {
        context.known ?? AccountID(frame.recipientAccountID) ?? context.enclosing
            ?? AccountID(frame.userIdentity?.member("accountId"))
    }

    func parameters(
        _ call: WatchedCall,
        _ request: JSONValue?,
        _ response: JSONValue?,
        _ details: JSONValue?,
        failed: Bool
    ) -> Parameters {
        Parameters(
            call: call,
            request: request,
            response: response,
            details: details,
            failed: failed,
            // Parameters that are JSON in a string need parsers of their own: this level's still holds the record.
            levels: (
                reader.level(context.level + 1), reader.level(context.level + 2),
                reader.level(context.level + 3)
            )
        )
    }

    /// A record that has no id of its own, with a hash in its place.
    func identified(_ record: Record, requestID: JSONValue?) -> Record {
        var record = record
        record.id = record.hashedID(requestID: requestID?.text?.nonEmptyString)
        return record
    }
}

extension UTF8Text {
    /// A copy; nil when there is nothing.
    var nonEmptyString: String? { isEmpty ? nil : string }
}

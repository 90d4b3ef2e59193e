/// Judges the frame of a record whose members were found.
///
/// Valid during a call of the reader, as what it decodes: so it need not keep the reader.
struct RecordDecoder {
    unowned(unsafe) let reader: RecordReader
    let context: RecordReader.Context

    /// The frame of a watched call; nil for any other call, and for one that is told elsewhere.
    func validate(_ frame: borrowing Frame) throws(Refusal) -> SoundFrame? {
        if frame.isNetworkActivity { return nil }
        guard let name = try frameText(frame.eventName, "eventName") else {
            throw Refusal(.unreadableName, "eventName is missing or empty")
        }
        guard let call = WatchedCall.named(name) else { return nil }
        guard let source = try frameText(frame.eventSource, "eventSource") else {
            throw Refusal(.unreadableSource, "eventSource is missing or empty")
        }
        guard source == call.sourceText else { return nil }
        guard let timeText = try frameText(frame.eventTime, "eventTime") else {
            throw Refusal(.unreadableTime, "eventTime is missing or empty")
        }
        guard let time = EventTime(utf8: timeText.bytes) else {
            throw Refusal(.unreadableTime, "eventTime is not a valid date")
        }
        let error = try frameText(frame.errorCode, "errorCode")
        let identity = try frameObject(frame.caller.userIdentity, "userIdentity")
        guard
            let account = context.known ?? AccountID(frame.recipientAccountID) ?? context.enclosing
                ?? parameters(
                    call,
                    frame.call.requestParameters,
                    frame.call.responseElements,
                    nil,
                    failed: error != nil
                )
                .owner
                ?? AccountID(identity?.member("accountId"))
        else {
            throw noAccount(
                [frame.recipientAccountID, identity?.member("accountId")],
                "recipientAccountId or userIdentity"
            )
        }
        let region = try frameText(frame.awsRegion, "awsRegion")
        let sharedEventID = try frameText(frame.sharedEventID, "sharedEventID")
        let corrected = frame.correctedID
        let eventID = if let corrected { corrected } else { try frameText(frame.eventID, "eventID") }
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
            eventID: eventID,
            isAddendum: corrected != nil,
            requestID: frame.requestID,
            request: frame.call.requestParameters,
            response: frame.call.responseElements,
            details: frame.call.serviceEventDetails,
            session: reader.sessionKeys.isEmpty ? nil : reader.sessionKeys.told(identity, frame)
        )
    }

    /// The account that a refused record names, without a look at its parameters.
    func account(of frame: borrowing Frame) -> AccountID? {
        context.known ?? AccountID(frame.recipientAccountID) ?? context.enclosing
            ?? AccountID(frame.caller.userIdentity?.member("accountId"))
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
            readsLaunchRequest: reader.readsLaunchRequests
        ) { number, text in
            // Parameters that are JSON in a string need parsers of their own: this level's still holds the record.
            try? reader.level(context.level + 1 + number).parse(text.raw).get()
        }
    }

    /// That no source of the account has a usable one; `values` is what those have that are looked at by their names.
    func noAccount(_ values: [JSONValue?], _ names: StaticString) -> Refusal {
        let hasZeros = values.contains { value in
            value?.text.map { $0 == "000000000000" } ?? (value?.integer == 0)
        }
        return Refusal(
            .noAccount,
            hasZeros
                ? "account id 000000000000, which AWS gives nobody: set a real one in the emulator that wrote it"
                : "no 12-digit account id in \(names)"
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

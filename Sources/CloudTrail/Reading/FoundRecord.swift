/// A record of a watched call that can be read: whose it is, and when it happened.
///
/// Everything else is decoded when it is asked for. Valid during the call that hands it over.
public struct FoundRecord {
    /// What it is decoded from.
    private enum Content {
        /// A frame that the reader keeps, for it is too large to be handed around.
        case frame(Unmanaged<FrameSlot>)
        indirect case record(Record)
    }

    /// Whose trail this is: see `Record.account`.
    public let account: AccountID
    /// `eventTime`.
    public let time: EventTime
    private let content: Content

    init(_ slot: FrameSlot) {
        account = slot.frame.account
        time = slot.frame.time
        content = .frame(Unmanaged.passUnretained(slot))
    }

    init(_ record: Record) {
        account = record.account
        time = record.time
        content = .record(record)
    }

    /// Whether this is what the AWS CLI printed, and no event.
    public var isInventory: Bool {
        if case .record(let record) = content { record.isInventory } else { false }
    }

    /// The record, decoded.
    public func decoded() -> Record {
        switch content {
        case .frame(let slot): slot._withUnsafeGuaranteedRef { $0.frame.record() }
        case .record(let record): record
        }
    }
}

/// Where a reader keeps the frame of the record that it hands over.
final class FrameSlot {
    var frame: SoundFrame

    init(_ frame: SoundFrame) { self.frame = frame }
}

/// The frame of a watched call in which nothing is missing and everything is of its type.
///
/// As it stands in a parsed record.
struct SoundFrame {
    let decoder: RecordDecoder
    /// All rows live as long as the process.
    unowned(unsafe) let call: WatchedCall
    let account: AccountID
    let time: EventTime
    let error: UTF8Text?
    let errorMessage: JSONValue?
    let region: UTF8Text?
    let sharedEventID: UTF8Text?
    let caller: Caller
    let eventID: UTF8Text?
    /// Whether `eventID` is the one of an earlier record that this one corrects.
    let isAddendum: Bool
    let requestID: JSONValue?
    let request: JSONValue?
    let response: JSONValue?
    let details: JSONValue?
    let session: Fields?

    private var parameters: Parameters {
        decoder.parameters(call, request, response, details, failed: error != nil)
    }

    /// Whether it is a call that is watched for its parameters, and they say nothing.
    var tellsNothing: Bool {
        guard call.isWatchedForParameters, case .nothing = call.decode(parameters) else { return false }
        return true
    }

    /// The record, with the call decoded.
    func record() -> Record {
        let record = Record(
            id: eventID.map { EventID(utf8: $0.bytes) } ?? .text(""),
            account: account,
            region: region?.string ?? "",
            time: time,
            name: call.name,
            source: call.source,
            error: error?.string,
            isErrorOfGuardrail: error != nil && errorMessage?.text?.namesGuardrail ?? false,
            sharedEventID: sharedEventID?.string,
            actor: decoder.reader.actors.actor(caller),
            call: call.decode(parameters),
            isAddendum: isAddendum,
            session: session
        )
        guard eventID == nil else { return record }
        return decoder.identified(record, requestID: requestID)
    }
}

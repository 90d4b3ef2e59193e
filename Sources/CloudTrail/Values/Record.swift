/// One CloudTrail event of a call that amiwatch watches, decoded.
public struct Record: Hashable, Sendable {
    /// `eventID`; `sha256/…` over the decoded record where it has none.
    public var id: EventID
    /// Whose trail this is: `recipientAccountId`, else what the envelope says, else the owner that the response
    /// names, else the caller's account.
    public var account: AccountID
    /// `awsRegion`; empty when the record does not say.
    public var region: String
    /// `eventTime`.
    public var time: EventTime
    /// `eventName`.
    public var name: String
    /// `eventSource`.
    public var source: String
    /// `errorCode` of a call that failed; nil when it succeeded (absent, null or empty).
    public var error: String?
    /// Whether `errorMessage` names block public access, or a policy of the organization.
    public var isErrorOfGuardrail: Bool
    /// `sharedEventID`.
    public var sharedEventID: String?
    /// Who called.
    public var actor: Actor
    /// What was called, with what, and what came back.
    public var call: Call
    /// Whether this is an addendum: what CloudTrail knows better by now of the event with this id.
    public var isAddendum: Bool
    /// What of the caller's session was asked for, by the names of condition keys in lower case: a text, or a no where the
    /// request had no such key.
    public var session: Fields?

    /// A record from its parts.
    public init(
        id: EventID,
        account: AccountID,
        region: String,
        time: EventTime,
        name: String,
        source: String,
        error: String? = nil,
        isErrorOfGuardrail: Bool = false,
        sharedEventID: String? = nil,
        actor: Actor = .unknown,
        call: Call,
        isAddendum: Bool = false,
        session: Fields? = nil
    ) {
        self.id = id
        self.account = account
        self.region = region
        self.time = time
        self.name = name
        self.source = source
        self.error = error
        self.isErrorOfGuardrail = isErrorOfGuardrail
        self.sharedEventID = sharedEventID
        self.actor = actor
        self.call = call
        self.isAddendum = isAddendum
        self.session = session
    }

    /// Equal in every part, byte for byte.
    public static func == (left: Record, right: Record) -> Bool {
        left.id == right.id && left.account == right.account && left.time == right.time
            && left.region.hasSameBytes(as: right.region) && left.name.hasSameBytes(as: right.name)
            && left.source.hasSameBytes(as: right.source) && left.error.hasSameBytes(as: right.error)
            && left.sharedEventID.hasSameBytes(as: right.sharedEventID) && left.actor == right.actor
            && left.isErrorOfGuardrail == right.isErrorOfGuardrail && left.call == right.call
            && left.isAddendum == right.isAddendum && left.session == right.session
    }

    /// Whether this is what the AWS CLI printed, and no event.
    public var isInventory: Bool { if case .inventory = call { true } else { false } }

    /// Whether the call did what it says.
    public var succeeded: Bool { error == nil }
}

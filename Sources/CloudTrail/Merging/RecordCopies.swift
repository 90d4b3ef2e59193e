/// All copies of one record that were read, and what they say together.
///
/// CloudTrail delivers some records again with an `addendum`, once it knows better: what the addendum tells counts.
/// Originals are merged with originals and addenda with addenda, so that no order of arrival matters.
public enum RecordCopies: Hashable, Sendable {
    /// Copies of one kind, merged.
    case alike(Record)
    /// Copies of both kinds, and what they say together.
    indirect case corrected(original: Record, addendum: Record, Record)

    /// What the copies say together.
    public var record: Record {
        switch self {
        case .alike(let record), .corrected(_, _, let record): record
        }
    }

    /// These and one more.
    public func adding(_ copy: Record) -> RecordCopies {
        switch self {
        case .alike(let record) where record.isAddendum == copy.isAddendum:
            .alike(record.merged(with: copy))
        case .alike(let record):
            record.isAddendum
                ? Self(original: copy, addendum: record) : Self(original: record, addendum: copy)
        case .corrected(let original, let addendum, _):
            copy.isAddendum
                ? Self(original: original, addendum: addendum.merged(with: copy))
                : Self(original: original.merged(with: copy), addendum: addendum)
        }
    }

    private init(original: Record, addendum: Record) {
        self = .corrected(original: original, addendum: addendum, addendum.correcting(original))
    }
}

extension Record {
    /// What an addendum and the record that it corrects say together: what the addendum leaves out is the original's.
    ///
    /// An addendum that tells the whole call tells how it ended, too.
    fileprivate func correcting(_ original: Record) -> Record {
        var record = self
        if region.isEmpty { record.region = original.region }
        if error == nil, !call.isTyped {
            record.error = original.error
            record.isErrorOfGuardrail = original.isErrorOfGuardrail
        }
        record.sharedEventID = sharedEventID ?? original.sharedEventID
        record.actor = actor.correcting(original.actor)
        record.session = session ?? original.session
        if !call.isTyped, original.call.rank > call.rank { record.call = original.call }
        return record
    }
}

extension Actor {
    fileprivate func correcting(_ original: Actor) -> Actor {
        Actor(
            arn: arn ?? original.arn,
            type: type ?? original.type,
            accountID: accountID ?? original.accountID,
            invokedBy: invokedBy ?? original.invokedBy,
            sourceIP: sourceIP ?? original.sourceIP,
            userAgent: userAgent ?? original.userAgent,
            issuerARN: issuerARN ?? original.issuerARN
        )
    }
}

extension Call {
    /// Whether it says what was done.
    fileprivate var isTyped: Bool {
        switch self {
        case .nothing, .unreadable: false
        default: true
        }
    }
}

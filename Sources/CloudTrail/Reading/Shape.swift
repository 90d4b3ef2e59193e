/// The members of a document's top level that decide what it is, found in one pass.
///
/// Too large to be copied on its way.
struct Shape: ~Copyable {
    /// A member, and its place among the members.
    struct Part {
        var value: JSONValue
        var ordinal: Int
    }

    /// What members tell of the document by being there.
    struct Signs: OptionSet {
        let rawValue: UInt8

        static let schema = Signs(rawValue: 1)
        static let debezium = Signs(rawValue: 2)
        static let ocsf = Signs(rawValue: 4)
        static let insight = Signs(rawValue: 8)
        static let timeWindow = Signs(rawValue: 16)
        /// A digest, or a notification that names files.
        static let fileNames = Signs(rawValue: 32)
        /// The event with which S3 tries out a notification.
        static let test = Signs(rawValue: 64)

        /// Of a message that is known to hold no record of a call.
        static let ofNoRecord: Signs = [.insight, .timeWindow, .fileNames, .test]
    }

    var records: Part?
    var logEvents: Part?
    var events: Part?
    var detail: Part?
    var payload: Part?
    var after: Part?
    var detailType: JSONValue?
    var account: JSONValue?
    var message: JSONValue?
    var messageType: JSONValue?
    var type: JSONValue?
    var signs: Signs = []
    var frame = Frame()

    init(_ object: JSONValue) {
        var ordinal = 0
        for (key, value) in object.members {
            take(key, Part(value: value, ordinal: ordinal))
            ordinal += 1
        }
    }

    /// Whether this is a message of CloudTrail, S3 or SNS that is known to hold no record of a call.
    var holdsNone: Bool {
        if !signs.isDisjoint(with: .ofNoRecord) { return true }
        if let type = frame.eventType?.text, type == "AwsCloudTrailInsight" || type == "AwsAggregatedEvent" {
            return true
        }
        if let category = frame.eventCategory?.text, category == "Insight" || category == "Aggregated" {
            return true
        }
        guard let type = type?.text else { return false }
        return type == "SubscriptionConfirmation" || type == "UnsubscribeConfirmation"
    }

    /// Whether this is a notification of SNS with a sentence and no document; another product's would be an error.
    var isSentence: Bool {
        guard let type = type?.text, type == "Notification", let text = message?.text else { return false }
        return !text.hasPrefix("{")
    }

    private mutating func take(_ key: UTF8Text, _ part: Part) {
        let value = part.value
        if frame.take(key, value) { return }
        switch key.count {
        case 2 where key == "op": signs.insert(.debezium)
        case 4 where key == "Type": type = value
        case 5 where key == "after": after = part
        case 5 where key == "Event": if value.text?.hasPrefix("s3:") ?? false { signs.insert(.test) }
        case 6 where key == "detail": detail = part
        case 6 where key == "schema": signs.insert(.schema)
        case 6 where key == "Events": events = part
        case 6 where key == "before": signs.insert(.debezium)
        case 7 where key == "Records": records = part
        case 7 where key == "payload": payload = part
        case 7 where key == "account": account = value
        case 7 where key == "message" || key == "Message": message = value
        case 8 where key == "s3Bucket" || key == "logFiles": signs.insert(.fileNames)
        case 9 where key == "logEvents": logEvents = part
        case 9 where key == "class_uid": signs.insert(.ocsf)
        case 10 where key == "timeWindow": signs.insert(.timeWindow)
        case 11 where key == "s3ObjectKey": signs.insert(.fileNames)
        case 11 where key == "detail-type": detailType = value
        case 11 where key == "messageType": messageType = value
        case 14 where key == "insightDetails": signs.insert(.insight)
        case 14 where key == "digestS3Bucket": signs.insert(.fileNames)
        case 15 where key == "digestStartTime": signs.insert(.fileNames)
        default: break
        }
    }
}

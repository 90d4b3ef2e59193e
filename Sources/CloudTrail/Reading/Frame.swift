/// The members of a record's own frame: what every CloudTrail event has, whatever the call.
///
/// Too large to be copied on its way.
struct Frame: ~Copyable {
    /// Who called.
    struct CallerMembers {
        var userIdentity: JSONValue?
        var sourceIPAddress: JSONValue?
        var userAgent: JSONValue?
    }

    /// What was called for and answered.
    struct CallMembers {
        var requestParameters: JSONValue?
        var responseElements: JSONValue?
        var serviceEventDetails: JSONValue?
    }

    /// What condition keys ask for beside.
    struct SessionMembers {
        var endpointID: JSONValue?
        var endpointAccountID: JSONValue?
        var tls: JSONValue?
    }

    var eventName: JSONValue?
    var eventSource: JSONValue?
    var eventTime: JSONValue?
    var eventID: JSONValue?
    var eventType: JSONValue?
    var eventCategory: JSONValue?
    var awsRegion: JSONValue?
    var errorCode: JSONValue?
    var errorMessage: JSONValue?
    var recipientAccountID: JSONValue?
    var caller = CallerMembers()
    var requestID: JSONValue?
    var sharedEventID: JSONValue?
    var call = CallMembers()
    var session = SessionMembers()
    var addendum: JSONValue?

    /// Whether this is the frame of a record, whatever else its object holds: it names an event, and a source of AWS.
    var isWhole: Bool { eventName?.text.map { !$0.isEmpty } ?? false && isFromAWS }

    /// Whether it is a wrapper's own (`INSERT` of `aws:dynamodb`): it has another source than a service of AWS, and no
    /// time.
    var isWrapper: Bool { !isFromAWS && eventTime == nil && eventSource?.text.map { !$0.isEmpty } ?? false }

    /// Whether it names a watched call and has a time, whatever else may be missing.
    var isOfWatchedCall: Bool { eventTime != nil && eventName?.text.flatMap { WatchedCall.named($0) } != nil }

    private var isFromAWS: Bool {
        eventSource?.text.map { $0.hasSuffix(".amazonaws.com") || $0.hasSuffix(".amazonaws.com.cn") } ?? false
    }

    /// Whether this is a network activity event.
    ///
    /// CloudTrail tells a call that goes through a VPC endpoint a second time, without its parameters, to the endpoint's
    /// owner too; the management event says what the call did. See
    /// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html.
    var isNetworkActivity: Bool {
        isNetworkActivityType(eventType) || eventCategory?.text.map { $0 == "NetworkActivity" } ?? false
    }

    /// The id of the event of which this is an addendum.
    ///
    /// A record that was only delivered late names none. See
    /// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html.
    var correctedID: UTF8Text? { originalEventID(addendum) }

    @inline(__always)
    mutating func take(_ key: UTF8Text, _ value: JSONValue) -> Bool {
        switch key.count {
        case 7 where key == "eventID": eventID = value
        case 8 where key == "addendum": addendum = value
        case 9 where key == "eventName": eventName = value
        case 9 where key == "eventTime": eventTime = value
        case 9 where key == "eventType": eventType = value
        case 9 where key == "awsRegion": awsRegion = value
        case 9 where key == "errorCode": errorCode = value
        case 9 where key == "userAgent": caller.userAgent = value
        case 9 where key == "requestID": requestID = value
        case 10 where key == "tlsDetails": session.tls = value
        case 11 where key == "eventSource": eventSource = value
        case 12 where key == "userIdentity": caller.userIdentity = value
        case 12 where key == "errorMessage": errorMessage = value
        case 13 where key == "sharedEventID": sharedEventID = value
        case 13 where key == "eventCategory": eventCategory = value
        case 13 where key == "vpcEndpointId": session.endpointID = value
        case 15 where key == "sourceIPAddress": caller.sourceIPAddress = value
        case 16 where key == "responseElements": call.responseElements = value
        case 17 where key == "requestParameters": call.requestParameters = value
        case 18 where key == "recipientAccountId": recipientAccountID = value
        case 20 where key == "vpcEndpointAccountId": session.endpointAccountID = value
        case 19 where key == "serviceEventDetails": call.serviceEventDetails = value
        default: return false
        }
        return true
    }
}

/// The id of the event that an `addendum` is about.
func originalEventID(_ addendum: JSONValue?) -> UTF8Text? {
    addendum?.member("originalEventID")?.text.flatMap { $0.isEmpty ? nil : $0 }
}

/// Whether an `eventType` is that of network activity events.
func isNetworkActivityType(_ type: JSONValue?) -> Bool { type?.text.map { $0 == "AwsVpceEvent" } ?? false }

/// The text of a member of the frame: nil where it is absent, null or empty, refused where it is no string.
func frameText(_ value: JSONValue?, _ name: StaticString) throws(Refusal) -> UTF8Text? {
    guard let value, !value.isNull else { return nil }
    guard let text = value.text else { throw Refusal(.wrongType, "\(name) is no string") }
    return text.isEmpty ? nil : text
}

/// An object of the frame: nil where it is absent or null, refused where it is none.
func frameObject(_ value: JSONValue?, _ name: StaticString) throws(Refusal) -> JSONValue? {
    guard let value, !value.isNull else { return nil }
    if let text = value.text, text.isEmpty { return nil }
    guard value.isObject else { throw Refusal(.wrongType, "\(name) is no object") }
    return value
}

extension AccountID {
    /// Twelve digits in a string, or a number; anything else, and all zeros, is no account.
    init?(_ value: JSONValue?) {
        guard let value else { return nil }
        if let text = value.text {
            self.init(utf8: text.bytes)
        } else if let number = value.integer, number > 0 {
            self.init(padding: UInt64(number))
        } else {
            return nil
        }
    }
}

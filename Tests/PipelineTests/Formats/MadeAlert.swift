import Alerts
import CloudTrail
import Configuration

@testable import Detection

/// An alert of which a test says what matters.
struct MadeAlert {
    var rule = "ami-shared-publicly"
    var kind = Resource.Kind.image
    /// Whether it is about an instance that a call launched, of which there may be many alike.
    var isLaunch = false
    var id = "ami-0abcdef0000000001"
    var account = "111122223333"
    var region = "us-east-1"
    var discriminator: String?
    var status = FindingStatus.open
    var verdict = Verdict.violation
    var severity = Severity.high
    var eventID = "00000000-0000-4000-8000-000000000001"
    var call = "ModifyImageAttribute"
    var time = EventTime(seconds: 1_773_745_440)
    var actor = Actor(
        arn: "arn:aws:iam::111122223333:user/path/ann",
        type: "IAMUser",
        accountID: AccountID("111122223333"),
        sourceIP: "192.0.2.10",
        userAgent: "aws-cli/2.22.0"
    )
    /// Whoever resolved it; the actor where nobody else is named.
    var resolver: Actor?
    var facts = [FactStatement("launch permission", "all")]
    var missing: [String] = []
    var clause: String?
    var remediation = ["aws ec2 modify-image-attribute --image-id ami-0abcdef0000000001"]
    var title = "Image shared with everybody"
    var message = "Image ami-0abcdef0000000001 is shared with everybody."
    var revision = 1

    var alert: Alert {
        Alert(finding, revision: revision, cause: .event, policyHash: String(repeating: "0", count: 64))
    }

    private var finding: Finding {
        let account = AccountID(self.account) ?? .none
        let event = Evidence(
            id: EventID(eventID),
            time: time,
            origin: Origin(account: account, region: region, name: call, source: "ec2.amazonaws.com"),
            actor: status == .resolved ? resolver ?? actor : actor
        )
        let subject = Subject(
            isLaunch ? .launch : Subject.Kind(0x7000, kind),
            AccountRegion(account, region),
            kind == .accountRegion ? nil : ResourceID(id),
            discriminator.map { .text(ExactText($0)) } ?? .none
        )
        return Finding(
            identity: FindingIdentity(rule: rule, subject: subject),
            status: status,
            verdict: status == .resolved || status == .retracted ? .allowed : verdict,
            title: title,
            severity: severity,
            event: event,
            actor: status == .retracted ? .unknown : actor,
            resolution: status == .resolved ? event : nil,
            firstSeen: time.advanced(bySeconds: -60),
            lastSeen: time,
            occurrences: 2,
            facts: facts,
            missing: verdict == .undetermined ? missing : [],
            clause: clause,
            remediation: remediation,
            message: message
        )
    }

    /// The one message that carries it in a form.
    func told(in format: AlertFormat, raised: Int64? = nil, maximumBytes: Int = 1_000_000) -> String {
        var encoder = AlertEncoder(format)
        let messages = encoder.messages(for: alert, raised: raised, maximumBytes: maximumBytes)
        return messages.map { String(decoding: $0.line, as: UTF8.self) }.joined(separator: "\n")
    }

    /// The same, taken apart.
    func read(in format: AlertFormat, raised: Int64? = nil) -> JSONTree {
        JSONTree(Array(told(in: format, raised: raised).utf8)) ?? .null
    }
}

extension MadeAlert {
    /// One with a strange text wherever somebody outside may have written one.
    static func hostile(_ text: () -> String) -> MadeAlert {
        var made = MadeAlert()
        made.id = "ami-" + text()
        made.discriminator = text()
        made.call = text()
        made.actor = Actor(
            arn: "arn:aws:iam::111122223333:user/" + text(),
            type: text(),
            accountID: AccountID("444455556666"),
            invokedBy: text(),
            sourceIP: text(),
            userAgent: text(),
            issuerARN: text()
        )
        made.facts = [
            FactStatement("tag " + text(), text(), eventID: EventID("x" + text()), time: made.time)
        ]
        made.missing = ["the owner of " + text()]
        made.clause = text()
        made.remediation = ["aws " + text()]
        made.message = "A message: " + text()
        return made
    }
}

extension JSONTree {
    /// A value deep inside: keys, and places in arrays, with dots between them.
    func at(_ path: String) -> JSONTree? {
        path.split(separator: ".").reduce(self) { tree, step in
            guard let place = Int(step), let tree else { return tree?[String(step)] }
            return tree.elements.count > place ? tree.elements[place] : nil
        }
    }
}

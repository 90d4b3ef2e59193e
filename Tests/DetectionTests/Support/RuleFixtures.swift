import Alerts
import CloudTrail
import Foundation
import Pipeline

@testable import Detection

/// A rule's fixtures are folders `<rule id>` or `<rule id>--<case>`.
extension Fixture {
    static let rulesFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures").path

    /// Every rule's fixtures, by name.
    static let ofRules = (try? find(rulesFolder)) ?? []

    /// The rule that the folder is about.
    var rule: String { description.components(separatedBy: "--")[0] }

    /// What `inventory.json` tells, then the events, in the order of the files.
    func records() throws -> [Record] { try contents().records }

    /// The alerts that the events cause, in their order.
    func alerts() throws -> [Alert] { try replay().alerts }
}

extension Alert {
    /// As the native format has it.
    var line: String {
        var encoder = NativeAlert()
        return String(decoding: encoder.encode(self), as: UTF8.self)
    }
}

import CloudTrail
import CloudTrailTestSupport

/// What the AWS CLI prints: a record made of it reads the same when it comes from a topic.
final class InventoryTarget: FuzzTarget {
    static let name = "inventory"
    private let reader = RecordReader()
    private(set) var reached: [String: Int] = [:]

    static func seeds() throws -> [[UInt8]] {
        let files =
            try Fuzzing.files(below: "Tests/DetectionTests/Fixtures", "inventory.json")
            + Fuzzing.files(below: "Deploy/sample/inventory", ".json")
            + Fuzzing.files(below: "Tests/CommandTests/Fixtures/moto", ".json")
        // What a topic holds, too.
        let messages = files.flatMap { file in
            let output = try? file.withUnsafeBytes { try InventoryReader.read($0, options: Self.options) }
            return (output?.records ?? []).compactMap { InventoryMessage.encode($0) }
        }
        return files + messages
    }

    private static let options = InventoryReader.Options(
        account: AccountID("123456789012"),
        region: "us-east-1",
        time: EventTime("2026-03-04T05:06:07Z")
    )

    func take(_ input: UnsafeRawBufferPointer) throws {
        for record in reader.gather(message: Array(input)).records where record.isInventory {
            try check(record)
        }
        for options in [Self.options, .init()] {
            guard let output = try? InventoryReader.read(input, options: options) else {
                reached["refused", default: 0] += 1
                continue
            }
            reached["problems", default: 0] += output.problems.count
            for record in output.records {
                reached[record.name, default: 0] += 1
                try check(record)
            }
        }
    }

    private func check(_ record: Record) throws {
        guard let message = InventoryMessage.encode(record) else {
            throw Discrepancy(description: "a record of an inventory that cannot be written")
        }
        let read = reader.gather(message: message)
        try require(read.records == [record], "it reads otherwise from a topic: \(record), \(read)")
    }
}

import CloudTrail
import Kafka

/// A message of the records as it came from Kafka.
struct ConsumedMessage: RecordMessage {
    let message: Message
    let partition: TopicPartition
    let isKeyedByAccount: Bool
    /// Of a larger record each fact is measured before it is applied.
    let largeRecordBytes: Int
    let reader: RecordReader

    var offset: Int64 { message.offset }
    var timestamp: Int64? { message.timestamp }

    func read(_ body: (RecordContent) throws -> Void) throws {
        guard let payload = message.payload else { return try body(.ignored(1)) }
        var index = 0
        try reader.read(message: payload, account: account) { reading in
            switch reading {
            case .ignored(let count):
                try body(.ignored(count))
                index += count
            case .record(let found, let bytes):
                let record = found.decoded()
                let letter = bytes.count > largeRecordBytes ? tooLarge(record, bytes, at: index) : nil
                try body(.record(record, tooLarge: letter))
                index += 1
            case .deadLetter(let letter):
                try body(.deadLetter(self.letter(letter)))
                index += 1
            }
        }
    }

    func poisonLetter(after crashes: Int) -> DeadLetterMessage {
        .crash(message, in: partition, "detector", after: crashes, account: account)
    }

    /// The account under which the intake, with the envelope at hand, has put a record.
    private var account: AccountID? {
        isKeyedByAccount ? nil : message.key.flatMap { AccountID(utf8: $0) }
    }

    private func letter(_ letter: DeadLetter) -> DeadLetterMessage {
        DeadLetterMessage(lost: LostRecord(letter), position: MessagePosition(message, in: partition))
    }

    private func tooLarge(
        _ record: Record,
        _ bytes: UnsafeRawBufferPointer,
        at index: Int
    ) -> DeadLetterMessage {
        letter(
            DeadLetter(
                reason: .tooLarge,
                text: "\(bytes.count) bytes, and what one call tells of a thing fits no message of the state",
                recordIndex: index,
                bytes: bytes,
                byteOffset: reader.offset(of: bytes),
                account: record.account
            )
        )
    }
}

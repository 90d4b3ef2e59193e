package import CloudTrail

/// What a reader gave, with copies of the bytes.
package struct Gathered: Equatable {
    package struct Letter: Equatable {
        package var reason: DeadLetter.Reason
        package var text: String
        package var recordIndex: Int
        package var bytes: [UInt8]
    }

    package var ignored = 0
    package var records: [Record] = []
    package var bare: [[UInt8]] = []
    package var letters: [Letter] = []

    package init() {}

    package var read: Int { ignored + records.count + letters.count }

    package mutating func take(_ reading: Reading) {
        switch reading {
        case .ignored(let count): ignored += count
        case .record(let found, let bytes):
            records.append(found.decoded())
            bare.append(Array(bytes))
        case .deadLetter(let letter):
            letters.append(
                Letter(
                    reason: letter.reason,
                    text: letter.text,
                    recordIndex: letter.recordIndex,
                    bytes: Array(letter.bytes)
                )
            )
        }
    }
}

extension RecordReader {
    package func gather(message: [UInt8], account: AccountID? = nil) -> Gathered {
        var gathered = Gathered()
        message.withUnsafeBytes { bytes in read(message: bytes, account: account) { gathered.take($0) } }
        return gathered
    }

    package func gather(message: String, account: AccountID? = nil) -> Gathered {
        gather(message: Array(message.utf8), account: account)
    }

    package func gather(file: [UInt8]) -> Gathered {
        var gathered = Gathered()
        file.withUnsafeBytes { bytes in read(file: bytes) { gathered.take($0) } }
        return gathered
    }
}

import CloudTrail
import Foundation

/// What a reader gave, with copies of the bytes.
struct Gathered: Equatable {
    struct Letter: Equatable {
        var reason: DeadLetter.Reason
        var text: String
        var recordIndex: Int
        var bytes: [UInt8]
    }

    var ignored = 0
    var records: [Record] = []
    var bare: [[UInt8]] = []
    var letters: [Letter] = []

    var read: Int { ignored + records.count + letters.count }

    mutating func take(_ reading: Reading) {
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
    func gather(message: [UInt8], account: AccountID? = nil) -> Gathered {
        var gathered = Gathered()
        message.withUnsafeBytes { bytes in read(message: bytes, account: account) { gathered.take($0) } }
        return gathered
    }

    func gather(message: String, account: AccountID? = nil) -> Gathered {
        gather(message: Array(message.utf8), account: account)
    }

    func gather(file: [UInt8]) -> Gathered {
        var gathered = Gathered()
        file.withUnsafeBytes { bytes in read(file: bytes) { gathered.take($0) } }
        return gathered
    }
}

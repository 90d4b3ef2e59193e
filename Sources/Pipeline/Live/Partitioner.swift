import CloudTrail
import Configuration
import Kafka

/// Which partition an account's records lie on: what the producers of the field compute from the 12 digits.
struct Partitioner: Sendable {
    private let hash: KeyHash
    private let count: Int32

    init(_ hash: KeyHash = .murmur2, count: Int) {
        self.hash = hash
        self.count = max(1, Int32(clamping: count))
    }

    /// Where the detector's records lie: as the input's producer put them, or as the intake does.
    init(_ input: RunConfiguration.Input, count: Int) {
        let hash: KeyHash =
            switch input.partitioner {
            case _ where !input.isKeyedByAccount: .murmur2
            case .murmur2, .murmur2Random, nil: .murmur2
            case .consistent, .consistentRandom: .crc32
            case .fnv1a, .fnv1aRandom: .fnv1a
            }
        self.init(hash, count: count)
    }

    func partition(of account: AccountID) -> Int32 {
        withUnsafeTemporaryAllocation(byteCount: AccountID.digitCount, alignment: 1) { digits in
            account.write(to: digits)
            return partition(of: UnsafeRawBufferPointer(digits))
        }
    }

    func partition(of key: UnsafeRawBufferPointer) -> Int32 { hash.partition(of: key, count: count) }
}

internal import CloudTrail
internal import Foundation

/// A dead letter as JSON (`amiwatch.deadletter/1`), on its topic as in the file of a replay.
struct DeadLetterDocument {
    /// Where it was found.
    enum Place {
        case message(topic: String, partition: Int32, offset: Int64)
        case file(String)
    }

    let reason: String
    let text: String
    let place: Place
    /// How many records of the same message or file were read before it.
    let recordIndex: Int
    /// How many bytes it has, of which a first part may be kept.
    let size: Int
    /// Of all its bytes.
    let sha256: String

    /// The document, on one line.
    ///
    /// - Parameters:
    ///   - kept: the bytes that are kept.
    ///   - isText: whether they are shown as text where they are UTF-8; base64 otherwise.
    /// - Returns: the document, without a newline.
    func encode(_ kept: UnsafeRawBufferPointer, isText: Bool) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.key("schema")
            json.string("amiwatch.deadletter/1")
            json.key("reason")
            json.string(reason)
            json.key("text")
            json.string(text)
            write(place, to: &json)
            json.key("record_index")
            json.number(recordIndex)
            json.key("size")
            json.number(size)
            json.key("sha256")
            json.string(sha256)
            json.key("is_cut")
            json.boolean(kept.count < size)
            if isText, let text = String(validating: kept, as: UTF8.self) {
                json.key("bytes")
                json.string(text)
            } else {
                json.key("bytes_base64")
                json.string(Data(kept).base64EncodedString())
            }
        }
        return json.bytes
    }

    private func write(_ place: Place, to json: inout JSONWriter) {
        switch place {
        case .message(let topic, let partition, let offset):
            json.key("topic")
            json.string(topic)
            json.key("partition")
            json.number(Int(partition))
            json.key("offset")
            json.number(Int(offset))
        case .file(let name):
            json.key("file")
            json.string(name)
        }
    }
}

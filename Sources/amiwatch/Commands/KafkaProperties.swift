import Configuration
import Kafka

extension RunConfiguration.Kafka {
    /// The properties that librdkafka does not take, each with its place.
    var refusals: [Diagnostic] {
        (properties + consumer + producer).flatMap { property in
            KafkaConfiguration([.init(name: property.name, value: property.value.value)]).problems().map {
                Diagnostic(.error, at: property.place, "\($0)", impact: "run would not start")
            }
        }
    }
}

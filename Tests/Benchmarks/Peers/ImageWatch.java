import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * The core of what amiwatch does, in Kafka Streams: finds the few records that matter by their bytes, brings those of an
 * account together, keeps what images and instances there are, and publishes who shares an image outside and who
 * launches a foreign one. Exactly once.
 *
 * <p>Of amiwatch's rules it has two, and late events, time, policies, findings and their lives it does not have.
 *
 * <p>Usage: {@code ImageWatch SERVERS INPUT OUTPUT MESSAGES PARTITIONS THREADS FOLDER}. Ends when it has read so many
 * messages.
 */
public final class ImageWatch {
    private static final Set<String> WATCHED = Set.of(
        "RunInstances", "TerminateInstances", "CreateImage", "CopyImage", "RegisterImage", "DeregisterImage",
        "ModifyImageAttribute", "CreateTags", "DeleteTags", "EnableImageDeprecation", "EnableAllowedImagesSettings",
        "DisableAllowedImagesSettings", "ReplaceImageCriteriaInAllowedImagesSettings", "EnableImageBlockPublicAccess");
    private static final String KEY = "\"eventName\":\"";
    private static final String OWN_ACCOUNTS = "1000000000";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private static final AtomicLong read = new AtomicLong();
    private static final AtomicLong candidates = new AtomicLong();
    private static final AtomicLong processed = new AtomicLong();
    private static final AtomicLong alerts = new AtomicLong();

    public static void main(String[] arguments) throws InterruptedException {
        long messages = Long.parseLong(arguments[3]);
        StreamsBuilder builder = new StreamsBuilder();
        builder.addStateStore(Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore("images"), Serdes.String(), Serdes.String()));
        builder.addStateStore(Stores.keyValueStoreBuilder(
            Stores.inMemoryKeyValueStore("instances"), Serdes.String(), Serdes.String()));
        builder.stream(arguments[1], Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .process(Finder::new)
            .repartition(Repartitioned.with(Serdes.String(), Serdes.ByteArray())
                .withName("by-account").withNumberOfPartitions(Integer.parseInt(arguments[4])))
            .process(Judge::new, "images", "instances")
            .to(arguments[2], Produced.with(Serdes.String(), Serdes.ByteArray()));

        KafkaStreams streams = new KafkaStreams(builder.build(), properties(arguments));
        streams.setUncaughtExceptionHandler(failure -> {
            failure.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        streams.start();
        while (read.get() < messages || processed.get() < candidates.get()) Thread.sleep(20);
        // Commits what is not committed yet.
        streams.close();
        System.out.printf("%d read, %d of watched calls, %d alerts%n", read.get(), candidates.get(), alerts.get());
        if (read.get() != messages) System.exit(1);
    }

    private static Properties properties(String[] arguments) {
        Properties properties = new Properties();
        properties.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, arguments[0]);
        properties.put(StreamsConfig.APPLICATION_ID_CONFIG, arguments[2]);
        properties.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        properties.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, arguments[5]);
        properties.put(StreamsConfig.STATE_DIR_CONFIG, arguments[6]);
        properties.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        properties.put(StreamsConfig.TOPOLOGY_OPTIMIZATION_CONFIG, StreamsConfig.OPTIMIZE);
        properties.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 10_000);
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        properties.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5_000);
        properties.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        return properties;
    }

    /** Hands on the records of watched calls, each under its account. */
    private static final class Finder implements Processor<byte[], byte[], String, byte[]> {
        private ProcessorContext<String, byte[]> context;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
        }

        @Override
        public void process(Record<byte[], byte[]> message) {
            byte[] value = message.value();
            if (value != null && isCandidate(value)) {
                JsonNode record = parse(value);
                if (record.path("eventSource").asText().equals("ec2.amazonaws.com")) {
                    candidates.incrementAndGet();
                    context.forward(message.withKey(record.path("recipientAccountId").asText()));
                }
            }
            read.incrementAndGet();
        }

        /** Whether a watched name stands behind any {@code "eventName"}; the virtual machine vectorises both steps. */
        private static boolean isCandidate(byte[] value) {
            String text = new String(value, StandardCharsets.ISO_8859_1);
            for (int at = text.indexOf(KEY); at >= 0; at = text.indexOf(KEY, at)) {
                at += KEY.length();
                int end = text.indexOf('"', at);
                if (end > at && WATCHED.contains(text.substring(at, end))) return true;
            }
            return false;
        }
    }

    private static JsonNode parse(byte[] value) {
        try {
            return MAPPER.readTree(value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    /** Judges the records of an account, in order. */
    private static final class Judge implements Processor<String, byte[], String, byte[]> {
        private ProcessorContext<String, byte[]> context;
        /** The owner of an image, and with whom it is shared. */
        private KeyValueStore<String, String> images;
        /** The image of an instance. */
        private KeyValueStore<String, String> instances;

        @Override
        public void init(ProcessorContext<String, byte[]> context) {
            this.context = context;
            images = context.getStateStore("images");
            instances = context.getStateStore("instances");
        }

        @Override
        public void process(Record<String, byte[]> message) {
            JsonNode record = parse(message.value());
            processed.incrementAndGet();
            if (record.has("errorCode")) return;
            JsonNode request = record.path("requestParameters");
            JsonNode response = record.path("responseElements");
            switch (record.path("eventName").asText()) {
                case "CreateImage", "CopyImage", "RegisterImage" ->
                    images.put(response.path("imageId").asText(), message.key());
                case "DeregisterImage" -> images.delete(request.path("imageId").asText());
                case "ModifyImageAttribute" -> share(message, record, request);
                case "RunInstances" -> launch(message, record, response);
                case "TerminateInstances" -> {
                    for (JsonNode item : response.path("instancesSet").path("items"))
                        instances.delete(item.path("instanceId").asText());
                }
                default -> { }
            }
        }

        private void share(Record<String, byte[]> message, JsonNode record, JsonNode request) {
            String image = request.path("imageId").asText();
            String known = images.get(image);
            StringBuilder shares = new StringBuilder(known == null ? message.key() : known);
            for (JsonNode item : request.path("launchPermission").path("add").path("items")) {
                String grantee = item.path("userId").asText(item.path("group").asText());
                shares.append(' ').append(grantee);
                if (!grantee.startsWith(OWN_ACCOUNTS))
                    alert(message, record, "ami-shared-outside", image, grantee);
            }
            images.put(image, shares.toString());
        }

        private void launch(Record<String, byte[]> message, JsonNode record, JsonNode response) {
            for (JsonNode item : response.path("instancesSet").path("items")) {
                String image = item.path("imageId").asText();
                String instance = item.path("instanceId").asText();
                instances.put(instance, image);
                String known = images.get(image);
                if (known != null && !known.startsWith(OWN_ACCOUNTS))
                    alert(message, record, "ami-launched-from-outside", image, instance);
            }
        }

        private void alert(Record<String, byte[]> message, JsonNode record, String rule, String image, String about) {
            ObjectNode alert = MAPPER.createObjectNode();
            alert.put("rule_id", rule).put("account_id", message.key()).put("image_id", image).put("about", about);
            alert.put("time", record.path("eventTime").asText()).put("event_id", record.path("eventID").asText());
            alert.put("actor", record.path("userIdentity").path("arn").asText());
            try {
                context.forward(message.withValue(MAPPER.writeValueAsBytes(alert)));
            } catch (IOException error) {
                throw new UncheckedIOException(error);
            }
            alerts.incrementAndGet();
        }
    }
}

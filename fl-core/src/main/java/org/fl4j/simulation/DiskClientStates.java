package org.fl4j.simulation;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.fl4j.core.ClientId;
import org.fl4j.core.StrategyState;
import org.fl4j.internal.Durable;
import org.fl4j.tensor.SafeTensors;

/**
 * Keeps client states on disk, one safetensors file a client and round, {@code 37/round-000004.safetensors}: in memory are
 * those of the clients that train now. Earlier versions stay as long as the run may be resumed from a round that needs
 * them.
 */
final class DiskClientStates implements ClientStateStore {
    private static final String STAGED = "staged.safetensors";
    private static final String NUMBERS = "numbers";

    private final Path directory;
    private final Map<ClientId, NavigableMap<Integer, Path>> versions = new ConcurrentHashMap<>();
    private final Set<ClientId> staged = ConcurrentHashMap.newKeySet();

    /** Finds the states that an earlier run left in the directory. */
    DiskClientStates(Path directory) {
        this.directory = directory;
        for (Path folder : list(directory)) {
            if (!folder.getFileName().toString().matches("\\d+")) {
                continue;
            }
            ClientId client = new ClientId(Integer.parseInt(folder.getFileName().toString()));
            for (Path file : list(folder)) {
                String name = file.getFileName().toString();
                if (name.equals(STAGED)) {
                    staged.add(client);
                } else if (name.matches("round-\\d+\\.safetensors")) {
                    ofClient(client).put(Integer.parseInt(name.replaceAll("\\D", "")), file);
                }
            }
        }
    }

    private static List<Path> list(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new CheckpointException(folder, "client states cannot be listed: " + Durable.reason(e), e);
        }
    }

    private NavigableMap<Integer, Path> ofClient(ClientId client) {
        return versions.computeIfAbsent(client, key -> new TreeMap<>());
    }

    private Path folder(ClientId client) {
        return directory.resolve(String.valueOf(client.index()));
    }

    @Override
    public Optional<StrategyState> load(ClientId client, NDManager target) {
        return load(client, Integer.MAX_VALUE, target);
    }

    /** Returns a client's state as of the end of a round. */
    Optional<StrategyState> load(ClientId client, int round, NDManager target) {
        return Optional.ofNullable(ofClient(client).floorEntry(round)).map(version -> read(version.getValue(), target));
    }

    private static StrategyState read(Path file, NDManager target) {
        try {
            SafeTensors.Content content = SafeTensors.read(file, target);
            Digests.require(content);
            return new StrategyState(
                    content.tensors(), ReportJson.readNumbers(content.metadata().getOrDefault(NUMBERS, "{}")));
        } catch (IllegalArgumentException e) {
            throw new CheckpointException(file, NUMBERS + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be read: " + Durable.reason(e), e);
        }
    }

    @Override
    public void stage(ClientId client, StrategyState state) {
        Path file = folder(client).resolve(STAGED);
        try {
            Files.createDirectories(file.getParent());
            Map<String, String> numbers = Map.of(NUMBERS, ReportJson.writeNumbers(state.numbers()));
            SafeTensors.write(file, state.tensors(), Digests.sealed(state.tensors(), numbers));
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be written: " + Durable.reason(e), e);
        }
        staged.add(client);
    }

    @Override
    public void commit(int round, Collection<ClientId> accepted, int oldestNeeded) {
        for (ClientId client : accepted) {
            if (staged.remove(client)) {
                Path file = folder(client).resolve(String.format(Locale.ROOT, "round-%06d.safetensors", round));
                move(folder(client).resolve(STAGED), file);
                NavigableMap<Integer, Path> known = ofClient(client);
                known.put(round, file);
                Integer needed = known.floorKey(oldestNeeded);
                if (needed != null) {
                    delete(known.headMap(needed, false));
                }
            }
        }
        dropStaged();
    }

    private void dropStaged() {
        for (ClientId client : staged) {
            delete(folder(client).resolve(STAGED));
        }
        staged.clear();
    }

    @Override
    public void requireEmpty() {
        if (versions.values().stream().anyMatch(known -> !known.isEmpty())) {
            throw new CheckpointException(
                    directory, "it has client states of an earlier run. Maybe resume it, or choose another directory.");
        }
    }

    @Override
    public void restore(int round) {
        dropStaged();
        versions.values().forEach(known -> delete(known.tailMap(round, false)));
    }

    private static void delete(NavigableMap<Integer, Path> files) {
        files.values().forEach(DiskClientStates::delete);
        files.clear();
    }

    private static void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new CheckpointException(file, "an old client state cannot be deleted: " + Durable.reason(e), e);
        }
    }

    private static void move(Path from, Path to) {
        try {
            Durable.replace(from, to);
        } catch (IOException e) {
            throw new CheckpointException(to, "cannot be written: " + Durable.reason(e), e);
        }
    }

    @Override
    public void close() {}
}

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
import org.fl4j.internal.Durable;
import org.fl4j.message.ClientId;
import org.fl4j.message.Slot;
import org.fl4j.message.StrategyState;
import org.fl4j.tensor.SafeTensors;

/**
 * Keeps client states on disk, one safetensors file a client, slot and round,
 * {@code 37/scaffold/round-000004.safetensors}: in memory are those of the clients that train now. Earlier versions
 * stay as long as the run may be resumed from a round that needs them.
 */
final class DiskClientStates implements ClientStateStore {
    private static final String STAGED = "staged.safetensors";
    private static final String NUMBERS = "numbers";

    private final Path directory;
    private final Map<Place, NavigableMap<Integer, Path>> versions = new ConcurrentHashMap<>();
    private final Set<Place> staged = ConcurrentHashMap.newKeySet();

    private record Place(ClientId client, String slot) {}

    /** Finds the states that an earlier run left in the directory. */
    DiskClientStates(Path directory) {
        this.directory = directory;
        for (Path folder : list(directory)) {
            if (!folder.getFileName().toString().matches("\\d+")) {
                continue;
            }
            ClientId client = new ClientId(Integer.parseInt(folder.getFileName().toString()));
            for (Path slot : list(folder)) {
                find(new Place(client, slot.getFileName().toString()), slot);
            }
        }
    }

    private void find(Place place, Path folder) {
        for (Path file : list(folder)) {
            String name = file.getFileName().toString();
            if (name.equals(STAGED)) {
                staged.add(place);
            } else if (name.matches("round-\\d+\\.safetensors")) {
                of(place).put(Integer.parseInt(name.replaceAll("\\D", "")), file);
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

    private NavigableMap<Integer, Path> of(Place place) {
        return versions.computeIfAbsent(place, key -> new TreeMap<>());
    }

    private Path folder(Place place) {
        return directory.resolve(String.valueOf(place.client().index())).resolve(place.slot());
    }

    @Override
    public Optional<StrategyState> load(ClientId client, Slot slot, NDManager target) {
        return load(client, slot, Integer.MAX_VALUE, target);
    }

    /** Returns what a slot held of a client at the end of a round. */
    Optional<StrategyState> load(ClientId client, Slot slot, int round, NDManager target) {
        return Optional.ofNullable(of(new Place(client, slot.name())).floorEntry(round))
                .map(version -> read(version.getValue(), target));
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
    public void stage(ClientId client, Slot slot, StrategyState state) {
        Place place = new Place(client, slot.name());
        Path file = folder(place).resolve(STAGED);
        try {
            Files.createDirectories(file.getParent());
            Map<String, String> numbers = Map.of(NUMBERS, ReportJson.writeNumbers(state.numbers()));
            SafeTensors.write(file, state.tensors(), Digests.sealed(state.tensors(), numbers));
        } catch (IOException e) {
            throw new CheckpointException(file, "cannot be written: " + Durable.reason(e), e);
        }
        staged.add(place);
    }

    @Override
    public void commit(int round, Collection<ClientId> accepted, int oldestNeeded) {
        Set<ClientId> kept = Set.copyOf(accepted);
        for (Place place : List.copyOf(staged)) {
            if (kept.contains(place.client())) {
                staged.remove(place);
                Path file = folder(place).resolve(String.format(Locale.ROOT, "round-%06d.safetensors", round));
                move(folder(place).resolve(STAGED), file);
                NavigableMap<Integer, Path> known = of(place);
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
        for (Place place : staged) {
            delete(folder(place).resolve(STAGED));
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

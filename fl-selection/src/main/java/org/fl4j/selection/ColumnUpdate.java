package org.fl4j.selection;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleBiFunction;
import org.fl4j.message.ClientColumn;
import org.fl4j.message.ClientId;
import org.fl4j.message.StrategyState;

/** Changes to a column of a state, client by client. */
final class ColumnUpdate {
    private ColumnUpdate() {}

    /** Returns a column, or one of so many clients that has a first value for all. */
    static ClientColumn column(StrategyState state, String name, int clients, float first) {
        return state.column(name).orElseGet(() -> ClientColumn.filled(clients, first));
    }

    /**
     * Returns a column in which each of these clients has the value that follows from its old one and from what is
     * known of it.
     */
    static <T> ClientColumn changed(ClientColumn column, Map<ClientId, T> known, ToDoubleBiFunction<Float, T> next) {
        Map<ClientId, T> inOrder = new TreeMap<>(known);
        int[] clients = inOrder.keySet().stream().mapToInt(ClientId::index).toArray();
        float[] values = new float[clients.length];
        int i = 0;
        for (Map.Entry<ClientId, T> entry : inOrder.entrySet()) {
            float old = column.get(entry.getKey().index());
            float value = (float) next.applyAsDouble(old, entry.getValue());
            values[i++] = Float.isFinite(value) ? value : old; // what a client measured may be anything
        }
        return column.with(clients, values);
    }
}

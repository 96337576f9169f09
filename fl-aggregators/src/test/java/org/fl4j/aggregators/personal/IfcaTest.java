package org.fl4j.aggregators.personal;

import org.fl4j.core.Aggregator;
import org.fl4j.message.ModelUpdate;
import org.fl4j.testing.AggregatorContract;

/** The server's part of IFCA. */
class IfcaTest extends AggregatorContract {
    @Override
    protected Aggregator aggregator() {
        return new Ifca(2).aggregator();
    }

    @Override
    protected ModelUpdate sent(ModelUpdate update) {
        return update.with(Ifca.CLUSTER, update.client().index() % 2L);
    }
}

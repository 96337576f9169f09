package org.fl4j.model;

import java.util.Iterator;
import org.fl4j.tensor.ParameterLayout;

/** A layer without parameters: it is the same for every part of the model. */
interface WithoutParameters extends Layer {
    @Override
    default boolean keepsExamplesApart() {
        return true;
    }

    @Override
    default Layer sliced(Iterator<ParameterLayout.Entry> parameters) {
        return this;
    }
}

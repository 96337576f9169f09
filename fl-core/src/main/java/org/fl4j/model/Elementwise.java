package org.fl4j.model;

/** A function of each element, without parameters. */
interface Elementwise extends WithoutParameters {
    @Override
    default ExampleForm output(ExampleForm input, String number) {
        return input.floats(name(number));
    }

    @Override
    default boolean trainsInBlocks() {
        return true;
    }
}

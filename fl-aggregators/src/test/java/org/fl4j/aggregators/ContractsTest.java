package org.fl4j.aggregators;

import static java.util.Map.entry;

import java.util.Map;
import org.fl4j.fixture.ContractCoverage;

/** Each implementation of this module has its contract. */
class ContractsTest extends ContractCoverage {
    @Override
    protected Map<String, String> exceptions() {
        return Map.ofEntries(
                entry(
                        "org.fl4j.aggregators.FedDyn$FedDynAggregator",
                        "adds a state of the server to the mean, so it is no mean: QuadraticsTest"),
                entry(
                        "org.fl4j.aggregators.FedDyn$DynamicClient",
                        "its delta follows from what it kept: QuadraticsTest"),
                entry(
                        "org.fl4j.aggregators.FedCm$DirectedClient",
                        "trains on what the server sends beside the model: TwoClientsByHandTest"),
                entry("org.fl4j.aggregators.FedDisco$Combining", "weighs by what clients told before: FedDiscoTest"),
                entry("org.fl4j.aggregators.FedDisco$Asking", "asks before another server plans: FedDiscoTest"),
                entry("org.fl4j.aggregators.Mime$Asking", "asks before another server plans: TwoClientsByHandTest"),
                entry(
                        "org.fl4j.aggregators.Mime$CorrectedClient",
                        "trains on what the server sends beside the model: TwoClientsByHandTest"),
                entry(
                        "org.fl4j.aggregators.MimeLite$MomentumClient",
                        "trains on what the server sends beside the model: ClientGradientsTest"),
                entry(
                        "org.fl4j.aggregators.Moon$Contrasting",
                        "needs a network with a named layer: MoonTest and EveryStrategyIT"),
                entry(
                        "org.fl4j.aggregators.personal.FedBabu$BodyClient",
                        "needs a model of two layers: FedBabuTest and EveryStrategyIT"),
                entry(
                        "org.fl4j.aggregators.Scaffold$ControlledClient",
                        "trains on what the server sends beside the model: QuadraticsTest"),
                entry(
                        "org.fl4j.aggregators.attack.PoisonedDataset",
                        "another data set with changed examples: AttackTest"),
                entry(
                        "org.fl4j.aggregators.decentralised.DecentralisedServer",
                        "clients start from models of their own: DecentralisedTest"),
                entry(
                        "org.fl4j.aggregators.mira.MiraServer",
                        "clients start from models of their own: MiraTest and RebuiltServersTest"),
                entry(
                        "org.fl4j.aggregators.personal.Ifca$ClusteredClient",
                        "chooses among models that the server sends: IfcaTest"),
                entry(
                        "org.fl4j.aggregators.personal.PersonalLayers$AlternatingClient",
                        "needs a model of two layers: PersonalAlgorithmsTest"),
                entry(
                        "org.fl4j.aggregators.personal.PersonalLayers$SharingClient",
                        "needs a model of two layers: PersonalAlgorithmsTest"));
    }
}

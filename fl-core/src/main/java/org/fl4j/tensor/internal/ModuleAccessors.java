package org.fl4j.tensor.internal;

import java.util.List;
import java.util.stream.Collectors;

/** A class around a user's module that forwards to it and shows its parameters and buffers. */
public final class ModuleAccessors {
    private ModuleAccessors() {}

    /**
     * Returns the class.
     *
     * @param root the class of the user's module
     * @param tensors how each parameter and buffer is reached
     */
    public static String source(String root, List<String> tensors) {
        return """
            class Program(Module):
              __parameters__ = []
              __buffers__ = []
              model : %s
              def forward(self: __torch__.fl4j.Program, x: Tensor) -> Tensor:
                return (self.model).forward(x, )
              def tensors(self: __torch__.fl4j.Program) -> List[Tensor]:
                all = annotate(List[Tensor], [])
                none = torch.empty([0])
            %s    return all
              def firsts(self: __torch__.fl4j.Program) -> List[int]:
                all = (self).tensors()
                firsts = annotate(List[int], [])
                for i in range(torch.len(all)):
                  first = i
                  for j in range(i):
                    if torch.is_set_to(all[torch.sub(torch.sub(i, 1), j)], all[i]):
                      first = torch.sub(torch.sub(i, 1), j)
                    else:
                      pass
                  _0 = torch.append(firsts, first)
                return firsts
            """.formatted(root, tensors.stream().map(ModuleAccessors::append).collect(Collectors.joining()));
    }

    /** Appends a tensor to the list, or an empty one where the attribute is optional and absent. */
    private static String append(String tensor) {
        return """
                one = annotate(Optional[Tensor], %s)
                if torch.__isnot__(one, None):
                  kept = torch.append(all, unchecked_cast(Tensor, one))
                else:
                  kept = torch.append(all, none)
            """.formatted(tensor);
    }
}

/**
 * Messages between processes, in one form: texts and safetensors. Nothing here is Java serialisation, and every size is
 * checked before memory is taken.
 */
package org.fl4j.wire;

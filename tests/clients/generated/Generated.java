package javax.annotation;

/** The one annotation of jakarta.annotation-api 1.3 that the generated Java has. */
public @interface Generated {
    String value();
    String date() default "";
    String comments() default "";
}
